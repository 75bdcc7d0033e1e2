import json
from collections.abc import Callable

import pytest

from services.chassis.settings import InvalidSettingsError, read
from services.gateway.config import GatewaySettings
from services.gateway.domain.credentials import Audience, new_key

KEY = new_key()
RIGHT = {
    "MONGODB_URI": "mongodb://127.0.0.1:27017/?replicaSet=rs0",
    "AMQP_URI": "amqp://127.0.0.1//",
    "GATEWAY_KEY_PEPPER": "sixteen characters",
    "LOYALTY_ADDRESS": "127.0.0.1:7101",
    "RETURNS_ADDRESS": "127.0.0.1:7102",
    "REFUNDS_ADDRESS": "127.0.0.1:7103",
}
Set = Callable[..., None]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Set:
    monkeypatch.delenv("AFTERCARE_MODE", raising=False)

    def put(**changes: str) -> None:
        for name, value in {**RIGHT, **changes}.items():
            monkeypatch.setenv(name, value)

    return put


def keys(name: str = "shop", **changes: str) -> str:
    return json.dumps({name: {"key": KEY, "audience": "shop", **changes}})


def problems() -> str:
    with pytest.raises(InvalidSettingsError) as caught:
        read(GatewaySettings)
    return str(caught.value)


def test_development_keys_are_read(environment: Set) -> None:
    environment(GATEWAY_DEV_KEYS=keys())

    found = read(GatewaySettings).gateway_dev_keys["shop"]

    assert (found.key.get_secret_value(), found.audience, found.tenant) == (KEY, Audience.SHOP, "demo")
    assert KEY not in repr(read(GatewaySettings))


def test_development_keys_are_refused_in_live_mode(environment: Set) -> None:
    environment(GATEWAY_DEV_KEYS=keys(), AFTERCARE_MODE="live")
    assert "make live keys" in problems()


def test_live_mode_without_them_is_fine(environment: Set) -> None:
    environment(AFTERCARE_MODE="live")
    assert read(GatewaySettings).gateway_dev_keys == {}


@pytest.mark.parametrize(
    "wrong",
    [
        keys(key=KEY[:-1]),
        keys(key="sk_test_made-up"),
        keys(audience="king"),
        keys(tenant="UPPER"),
        keys(tenant=""),
        keys(role="king"),
        keys(name="a name with blanks"),
        keys(name="x" * 33),
        "not json",
        "[]",
    ],
    ids=["cut", "made_up", "audience", "tenant", "no_tenant", "more", "blanks", "long", "text", "list"],
)
def test_a_wrong_development_key_is_said_and_not_printed(wrong: str, environment: Set) -> None:
    environment(GATEWAY_DEV_KEYS=wrong)

    told = problems()

    assert "GATEWAY_DEV_KEYS" in told
    assert KEY[:-1] not in told


def test_everything_that_is_wrong_is_said_at_once(environment: Set) -> None:
    environment(
        GATEWAY_KEY_PEPPER="short",
        LOYALTY_ADDRESS="nowhere",
        GATEWAY_LISTEN="8080",
        GATEWAY_DEV_KEYS=keys(key=KEY[:-1]),
    )
    told = problems()
    for name in ("GATEWAY_KEY_PEPPER", "LOYALTY_ADDRESS", "GATEWAY_LISTEN", "GATEWAY_DEV_KEYS"):
        assert name in told
