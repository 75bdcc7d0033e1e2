"""The same parts from `deploy/compose.yaml`, by pytest-docker: asked for with `--infra=docker`."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from pytest_docker.plugin import DockerComposeExecutor

REPOSITORY = Path(__file__).resolve().parents[2]
COMPOSE_FILE = REPOSITORY / "deploy" / "compose.yaml"
START_SECONDS = 120.0


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to run on other parts than those that were asked for."""
    if config.getoption("--infra") == "docker":
        if why := _no_engine():
            raise pytest.UsageError(f"--infra=docker: {why}")
        if not _compose_command():
            raise pytest.UsageError(
                "--infra=docker: there is neither `docker compose` nor `docker-compose`: install one of them"
            )


@pytest.fixture(scope="session")
def docker_compose_command() -> str:
    """`docker compose`, or the older `docker-compose` where there is no other."""
    return _compose_command()


@pytest.fixture(scope="session")
def docker_compose_file() -> list[str]:
    """The product's own compose file; Docker chooses the ports, so that nothing collides."""
    return [str(COMPOSE_FILE)]


@pytest.fixture(scope="session")
def docker_compose_project_name() -> str:
    """One project a session, also beside a stack of the user's own."""
    return f"aftercare-test-{os.getpid()}"


@pytest.fixture(scope="session")
def docker_setup(
    docker_compose_command: str, docker_compose_file: list[str], docker_compose_project_name: str
) -> Iterator[list[str]]:
    """Only the infrastructure: tests bring their own services.

    Cleans up here and not by `docker_cleanup`, which is not reached when a command of the set-up fails.
    """
    yield ["up --detach mongo rabbitmq", "run --rm -T mongo-ready"]
    project = DockerComposeExecutor(docker_compose_command, docker_compose_file, docker_compose_project_name)
    project.execute("down --volumes --remove-orphans --timeout 10")


@pytest.fixture(scope="session")
def docker_cleanup() -> list[str]:
    return []


def mongodb_uri(request: pytest.FixtureRequest) -> str:
    """The compose `mongo`, once it is primary of its replica set."""
    services = _services(request)
    port = services.port_for("mongo", 27017)
    # The member's own name, `mongo`, means nothing outside the network of the containers.
    uri = f"mongodb://127.0.0.1:{port}/?directConnection=true&w=majority&retryWrites=true"
    services.wait_until_responsive(lambda: _is_primary(uri), timeout=START_SECONDS, pause=0.2)
    return uri


def amqp_uri(request: pytest.FixtureRequest) -> str:
    """The compose `rabbitmq`, once it speaks."""
    services = _services(request)
    port = services.port_for("rabbitmq", 5672)
    services.wait_until_responsive(lambda: _speaks_amqp(port), timeout=START_SECONDS, pause=0.2)
    return f"amqp://guest:guest@127.0.0.1:{port}//"


def _services(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue("docker_services")


def _no_engine() -> str:
    """Empty when a Docker engine answers, else why none does."""
    docker = shutil.which("docker")
    if docker is None:
        return "there is no `docker` command on this machine"
    try:
        asked = _run(docker, "version", "--format", "{{.Server.Version}}")
    except subprocess.TimeoutExpired:
        return "the Docker engine does not answer"
    if asked.returncode == 0:
        return ""
    where = os.environ.get("DOCKER_HOST", "its usual socket")
    return f"no Docker engine answers at {where}: {asked.stderr.strip()}"


def _compose_command() -> str:
    """What speaks Compose here; empty when nothing does."""
    docker = shutil.which("docker")
    if docker is not None and _run(docker, "compose", "version").returncode == 0:
        return "docker compose"
    return "docker-compose" if shutil.which("docker-compose") else ""


def _run(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=20)  # noqa: S603 - fixed argument lists


def _is_primary(uri: str) -> bool:
    try:
        with MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=1000) as client:
            return cast("bool", client.admin.command("hello").get("isWritablePrimary", False))
    except PyMongoError:
        return False


def _speaks_amqp(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"AMQP\x00\x00\x09\x01")
            return connection.recv(1) == b"\x01"
    except OSError:
        return False
