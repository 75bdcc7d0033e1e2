"""The whole of `deploy/compose.yaml`: comes up, does the main job, drains and goes."""

import json
import time

import pytest

from deploy.demo import run_main_job
from deploy.local.state import Phase, StackState
from services.gateway.domain.credentials import Audience, new_key
from tests.integration.containers.engine import Container, Project, containers, docker, until_healthy

HEALTHY_SECONDS = 240.0
DRAIN_SECONDS = 15
VENDORS = {"mongo", "rabbitmq"}  # images of others, which choose their own user


@pytest.mark.timeout(900)
def test_the_stack_becomes_healthy_does_the_main_job_and_drains(
    project: Project, environment: dict[str, str]
) -> None:
    keys = {audience.value: new_key() for audience in Audience}
    environment["GATEWAY_DEV_KEYS"] = json.dumps(
        {name: {"key": key, "audience": name, "tenant": "demo"} for name, key in keys.items()}
    )
    project.run("up", "--detach")
    until_healthy(project.name, HEALTHY_SECONDS)
    ours = [each for each in containers(project.name) if each.service not in VENDORS]
    assert {_uid(each) for each in ours if not each.once} == {"10001"}

    code = run_main_job(_state(project, ours, keys), full=False, as_json=False)
    assert code == 0, project.run("logs", "--no-color", "--tail", "20")

    _stop_drained(project, [each for each in ours if not each.once])


def _uid(container: Container) -> str:
    return docker("exec", container.identifier, "id", "-u").stdout.strip()


def _state(project: Project, ours: list[Container], keys: dict[str, str]) -> StackState:
    """What the main job is told: the services' own environment, at the addresses seen from here."""
    gateway = next(each for each in ours if each.service == "gateway")
    told = docker("inspect", "--format", "{{json .Config.Env}}", gateway.identifier).stdout
    inside = dict(entry.split("=", 1) for entry in json.loads(told))
    at = {
        name: f"127.0.0.1:{project.port(name, port)}"
        for name, port in {
            "gateway": 8080,
            "loyalty": 7101,
            "returns": 7102,
            "refunds": 7103,
            "stripe": 12111,
            "courier": 12112,
        }.items()
    }
    seen_from_here = {
        **{f"{name.upper()}_ADDRESS": at[name] for name in ("loyalty", "returns", "refunds")},
        "STRIPE_API_BASE": f"http://{at['stripe']}",
        "COURIER_BASE_URL": f"http://{at['courier']}",
    }
    return StackState(
        phase=Phase.UP,
        urls={"gateway": f"http://{at['gateway']}"},
        credentials=keys,
        environment={**inside, **seen_from_here},
    )


def _stop_drained(project: Project, ours: list[Container]) -> None:
    began = time.monotonic()
    docker("stop", "--time", "60", *(each.identifier for each in ours))
    seconds = time.monotonic() - began
    wanted = {each.service for each in ours}
    ended = {
        each.service: each.state["ExitCode"] for each in containers(project.name) if each.service in wanted
    }
    assert seconds < DRAIN_SECONDS
    assert ended == dict.fromkeys(ended, 0)
