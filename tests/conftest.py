"""What every suite may use; the real parts come from `tests/infra`."""

import pytest

pytest_plugins = ["tests.infra.docker", "tests.infra.fixtures"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--infra",
        choices=("native", "docker"),
        default="native",
        help="where MongoDB and RabbitMQ come from: this machine (default), or deploy/compose.yaml where a "
        "Docker engine answers",
    )
