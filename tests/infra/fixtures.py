"""Real parts for tests: each pytest session has its own, so that two sessions never meet."""

import shutil
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from deploy.local.plan import EVERYTHING, Group
from deploy.local.stack import LocalStack
from tests.infra import docker


def pytest_report_header(config: pytest.Config) -> str:
    return f"infra: {_infra(config)}"


@pytest.fixture(scope="session")
def infra(pytestconfig: pytest.Config) -> str:
    """`docker` when it was asked for, which has shown that an engine answers, else `native`."""
    return _infra(pytestconfig)


@pytest.fixture(scope="session")
def mongodb_uri(
    infra: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A MongoDB replica set of this session alone."""
    if infra == "docker":
        yield docker.mongodb_uri(request)
        return
    with _stack(tmp_path_factory.mktemp("mongo"), {"mongo"}) as stack:
        yield stack.mongodb_uri


@pytest.fixture(scope="session")
def amqp_uri(
    infra: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A RabbitMQ broker of this session alone; name queues after the test, they outlive it."""
    if infra == "docker":
        yield docker.amqp_uri(request)
        return
    with _stack(tmp_path_factory.mktemp("rabbit"), {"rabbit"}) as stack:
        yield stack.amqp_uri


@pytest.fixture(scope="session")
def mongo_client(mongodb_uri: str) -> Iterator[MongoClient[dict[str, Any]]]:
    """A synchronous client of the session's database server."""
    with MongoClient[dict[str, Any]](mongodb_uri, tz_aware=True) as client:
        yield client


@pytest.fixture
def mongo_database(mongo_client: MongoClient[dict[str, Any]]) -> Iterator[str]:
    """The name of an empty database, dropped after the test."""
    name = f"test_{uuid.uuid4().hex}"
    yield name
    mongo_client.drop_database(name)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """The whole product on free ports: infrastructure, stand-ins and every service."""
    with _stack(tmp_path_factory.mktemp("stack"), EVERYTHING) as whole:
        yield whole


@contextmanager
def _stack(home: Path, groups: Collection[Group]) -> Iterator[LocalStack]:
    """A stack whose database files, 300 MB at the least, go with it; its logs stay for a look."""
    with LocalStack(home, groups) as stack:
        yield stack
    shutil.rmtree(stack.home.data)


def _infra(config: pytest.Config) -> str:
    return str(config.getoption("--infra"))
