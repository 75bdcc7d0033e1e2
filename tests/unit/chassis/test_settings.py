import subprocess
import sys

import pytest
from pydantic import Field, Json, SecretStr

from services.chassis.settings import InvalidSettingsError, ServiceSettings, load, read

GOOD = {
    "MONGODB_URI": "mongodb://user:hunter2@db:27017/?replicaSet=rs0",
    "AMQP_URI": "amqp://user:hunter2@mq:5672/",
}


class ShopSettings(ServiceSettings):
    shop_pepper: SecretStr = Field(min_length=16, description="at least 16 random characters")
    shop_limits: Json[dict[str, int]] = Field(default_factory=dict)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("AFTERCARE_MODE", "LOG_LEVEL", "OPS_PORT", "OTEL_EXPORTER_OTLP_ENDPOINT", *GOOD):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_settings_come_from_the_environment(environment: pytest.MonkeyPatch) -> None:
    for name, value in {**GOOD, "LOG_LEVEL": "DEBUG", "OPS_PORT": "9100", "SOMETHING_ELSE": "1"}.items():
        environment.setenv(name, value)
    settings = read(ServiceSettings)
    assert settings.mongodb_uri.get_secret_value() == GOOD["MONGODB_URI"]
    assert (settings.log_level, settings.ops_port, settings.aftercare_mode) == ("debug", 9100, "local")


def test_an_empty_variable_counts_as_not_set(environment: pytest.MonkeyPatch) -> None:
    for name, value in {**GOOD, "OTEL_EXPORTER_OTLP_ENDPOINT": "", "OPS_PORT": ""}.items():
        environment.setenv(name, value)
    settings = read(ServiceSettings)
    assert settings.otel_exporter_otlp_endpoint is None
    assert settings.ops_port == 0


def test_all_problems_are_listed_at_once_with_variable_and_cure(environment: pytest.MonkeyPatch) -> None:
    for name, value in {
        "MONGODB_URI": "postgres://u:hunter2@db",
        "OPS_PORT": "70000",
        "AFTERCARE_MODE": "prod",
        "SHOP_PEPPER": "hunter2",
        "SHOP_LIMITS": '{"a": "many"',
    }.items():
        environment.setenv(name, value)
    with pytest.raises(InvalidSettingsError) as caught:
        read(ShopSettings)
    told = "\n".join(caught.value.problems)
    names = [problem.split()[0] for problem in caught.value.problems]
    assert sorted(names) == [
        "AFTERCARE_MODE",
        "AMQP_URI",
        "MONGODB_URI",
        "OPS_PORT",
        "SHOP_LIMITS",
        "SHOP_PEPPER",
    ]
    assert "AMQP_URI is missing; set it to the RabbitMQ broker, as amqp://" in told
    assert "must start with mongodb://" in told
    assert "at least 16 random characters" in told
    assert "hunter2" not in told


def test_a_wrong_value_inside_json_is_named_by_its_path(environment: pytest.MonkeyPatch) -> None:
    for name, value in {**GOOD, "SHOP_PEPPER": "p" * 16, "SHOP_LIMITS": '{"daily": "many"}'}.items():
        environment.setenv(name, value)
    with pytest.raises(InvalidSettingsError, match="SHOP_LIMITS is wrong at daily"):
        read(ShopSettings)


def test_settings_are_frozen_and_hide_secrets(environment: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        environment.setenv(name, value)
    settings = load(ServiceSettings)
    assert "hunter2" not in repr(settings)
    with pytest.raises(ValueError, match="frozen"):
        settings.ops_port = 1  # type: ignore[misc] # that it cannot be set is the point


def test_wrong_settings_end_the_process_with_78() -> None:
    script = "from services.chassis.settings import ServiceSettings, load; load(ServiceSettings)"
    ended = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", script], env={}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 78
    assert ended.stdout == ""
    assert "2 settings are missing or wrong" in ended.stderr
    assert "Traceback" not in ended.stderr
