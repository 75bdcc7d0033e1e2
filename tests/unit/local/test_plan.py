import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from deploy.local.home import Home
from deploy.local.parts.services import VERBS
from deploy.local.plan import EVERYTHING, Plan, make_plan
from deploy.local.ports import Ports


def numbered(names: Iterable[str]) -> Ports:
    return Ports({name: 20000 + number for number, name in enumerate(names)})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    server = tmp_path / "rabbitmq-server"
    server.touch()
    monkeypatch.setattr("deploy.local.parts.rabbit.SERVER", server)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    home = Home(tmp_path / "home")
    home.make()
    return home


def planned(home: Home, theirs: Mapping[str, str] | None = None) -> Plan:
    return make_plan(home, EVERYTHING, numbered, theirs or {})


def test_every_process_of_every_service_is_planned(home: Home) -> None:
    names = {part.name for part in planned(home).parts}
    expected = {f"{service}-{verb}" for service, verbs in VERBS.items() for verb in (*verbs, "migrate")}
    assert names == expected | {"mongo", "epmd", "rabbit", "stripe", "courier", "mail"}


def test_services_wait_for_their_own_migration_and_the_infrastructure(home: Home) -> None:
    parts = {part.name: part for part in planned(home).parts}
    assert parts["loyalty-migrate"].needs == ("mongo", "rabbit")
    assert parts["loyalty-migrate"].once
    assert parts["loyalty-serve"].needs == ("loyalty-migrate", "mongo", "rabbit")


def test_service_processes_are_given_the_whole_contract(home: Home) -> None:
    plan = planned(home)
    given = {part.name: part.environment for part in plan.parts}["refunds-serve"]
    assert set(given) == {
        *("AFTERCARE_MODE", "LOG_LEVEL", "MONGODB_URI", "AMQP_URI", "OPS_PORT"),
        *("LOYALTY_LISTEN", "RETURNS_LISTEN", "REFUNDS_LISTEN", "GATEWAY_LISTEN"),
        *("LOYALTY_ADDRESS", "RETURNS_ADDRESS", "REFUNDS_ADDRESS"),
        *("STRIPE_API_KEY", "STRIPE_API_BASE", "STRIPE_WEBHOOK_SECRET"),
        *("COURIER_BASE_URL", "COURIER_API_KEY", "COURIER_WEBHOOK_SECRET"),
        *("SMTP_URL", "GATEWAY_KEY_PEPPER", "GATEWAY_DEV_KEYS"),
    }
    for option in (
        "replicaSet=rs0",
        "w=majority",
        "retryWrites=true",
        "connectTimeoutMS=2000",
        "heartbeatFrequencyMS=1000",
    ):
        assert option in given["MONGODB_URI"]
    assert given["OPS_PORT"] == str(plan.ports["ops-refunds-serve"])


def test_every_process_has_an_ops_port_of_its_own(home: Home) -> None:
    ops = [part.environment["OPS_PORT"] for part in planned(home).parts if "OPS_PORT" in part.environment]
    assert len(ops) == len(set(ops)) == 11


def test_keys_are_spelled_as_the_gateway_wants_and_stay_the_same(home: Home) -> None:
    first, second = planned(home), planned(home)
    assert first.credentials == second.credentials
    assert {name: key[:8] for name, key in first.credentials.items()} == {
        "shop": "sk_test_",
        "agent": "rk_test_",
        "warehouse": "rk_test_",
        "finance": "rk_test_",
    }
    told = json.loads(first.environment["GATEWAY_DEV_KEYS"])
    assert told["shop"] == {"key": first.credentials["shop"], "audience": "shop", "tenant": "demo"}
    assert home.identity_file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("theirs", "absent"),
    [
        ({"MONGODB_URI": "mongodb://theirs/"}, {"mongo"}),
        ({"AMQP_URI": "amqp://theirs/"}, {"rabbit", "epmd"}),
        ({"STRIPE_API_KEY": "sk_test_theirs"}, {"stripe"}),
    ],
)
def test_what_the_user_brings_is_used_and_not_started(
    home: Home, theirs: dict[str, str], absent: set[str]
) -> None:
    plan = planned(home, theirs)
    assert not absent & {part.name for part in plan.parts}
    assert not absent & set(plan.ports)
    assert theirs.items() <= plan.environment.items()
    for part in plan.parts:
        assert not absent & set(part.needs)


def test_with_their_own_stripe_account_no_stand_in_address_is_given(home: Home) -> None:
    plan = planned(home, {"STRIPE_API_KEY": "sk_test_theirs", "STRIPE_WEBHOOK_SECRET": "whsec_theirs"})
    assert "STRIPE_API_BASE" not in plan.environment
    assert plan.environment["STRIPE_WEBHOOK_SECRET"] == "whsec_theirs"


def test_an_empty_variable_replaces_nothing(home: Home) -> None:
    assert "mongo" in {part.name for part in planned(home, {"MONGODB_URI": ""}).parts}


def test_a_plan_survives_being_written_and_read(home: Home) -> None:
    plan = planned(home)
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


def test_only_what_is_asked_for_is_planned(home: Home) -> None:
    plan = make_plan(home, {"mongo"}, numbered, {})
    assert [part.name for part in plan.parts] == ["mongo"]
    assert (plan.credentials, plan.environment, set(plan.urls)) == ({}, {}, {"mongodb"})
