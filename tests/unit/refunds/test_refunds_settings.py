import pytest

from services.chassis.settings import InvalidSettingsError, read
from services.refunds.adapters.crash import crash_points
from services.refunds.config import RefundsSettings

RIGHT = {
    "MONGODB_URI": "mongodb://127.0.0.1/",
    "AMQP_URI": "amqp://127.0.0.1/",
    "STRIPE_API_KEY": "sk_test_x",
    "STRIPE_WEBHOOK_SECRET": "whsec_new, whsec_old",
}
STAND_IN = "http://127.0.0.1:12111"


def settings(monkeypatch: pytest.MonkeyPatch, **changes: str) -> RefundsSettings:
    for name in ("STRIPE_API_BASE", "REFUNDS_ALLOW_LIVE", "AFTERCARE_MODE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**RIGHT, **changes}.items():
        monkeypatch.setenv(name, value)
    return read(RefundsSettings)


def test_two_webhook_secrets_are_valid_while_one_is_rolled(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings(monkeypatch).webhook_secrets == ["whsec_new", "whsec_old"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"STRIPE_API_KEY": "sk_live_x"}, "REFUNDS_ALLOW_LIVE"),
        ({"STRIPE_API_KEY": "rk_live_x"}, "REFUNDS_ALLOW_LIVE"),
        (
            {"STRIPE_API_KEY": "sk_live_x", "REFUNDS_ALLOW_LIVE": "true", "STRIPE_API_BASE": STAND_IN},
            "STRIPE_API_BASE must not be set with a live key",
        ),
        ({"AFTERCARE_MODE": "live", "STRIPE_API_BASE": STAND_IN}, "STRIPE_API_BASE"),
        ({"STRIPE_API_KEY": "pk_test_x"}, "must start with sk_test_"),
        ({"STRIPE_WEBHOOK_SECRET": "secret"}, "must start with whsec_"),
    ],
)
def test_what_could_move_real_money_by_mistake_is_refused(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], said: str
) -> None:
    with pytest.raises(InvalidSettingsError, match=said):
        settings(monkeypatch, **changes)


def test_a_live_key_is_taken_on_purpose(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings(monkeypatch, STRIPE_API_KEY="sk_live_x", REFUNDS_ALLOW_LIVE="true").livemode
    assert not settings(monkeypatch).livemode


@pytest.mark.parametrize(("mode", "deaths"), [("live", 0), ("local", 1), ("test", 1)])
def test_crash_points_do_nothing_in_live_mode(
    monkeypatch: pytest.MonkeyPatch, mode: str, deaths: int
) -> None:
    killed: list[int] = []
    monkeypatch.setattr("services.refunds.adapters.crash.os.kill", lambda pid, _: killed.append(pid))
    crash_points(mode, "after_call")("after_call")
    crash_points(mode, "after_call")("after_record")
    assert len(killed) == deaths
