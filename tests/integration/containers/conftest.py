"""What needs a Docker engine is asked for with `--infra=docker`."""

import os
from collections.abc import Iterator

import pytest

from tests.infra.docker import COMPOSE_FILE
from tests.integration.containers.engine import Project


@pytest.fixture(scope="session")
def environment(infra: str) -> dict[str, str]:
    """What Compose is told; the gateway's port is chosen by Docker."""
    if infra != "docker":
        pytest.skip("needs a Docker engine: --infra=docker")
    return {"COMPOSE_HTTP_TIMEOUT": "180", **os.environ, "AFTERCARE_PORT_GATEWAY": "0"}


@pytest.fixture(scope="session")
def image(environment: dict[str, str], docker_compose_command: str) -> str:
    """The product's image, of the sources as they are now."""
    project = Project(docker_compose_command, str(COMPOSE_FILE), "aftercare-build", environment)
    project.run("build", "gateway")
    return "aftercare:local"


@pytest.fixture
def project(
    environment: dict[str, str], image: str, docker_compose_command: str, request: pytest.FixtureRequest
) -> Iterator[Project]:
    """A Compose project of this test alone, taken down afterwards with its data."""
    name = f"aftercare-test-{os.getpid()}-{request.node.name.replace('_', '-')[:20].lower()}"
    ours = Project(docker_compose_command, str(COMPOSE_FILE), name, environment)
    try:
        yield ours
    finally:
        ours.run("down", "--volumes", "--remove-orphans", "--timeout", "20")
