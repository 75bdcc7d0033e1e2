import importlib
from typing import Any

import pytest
from pymongo import MongoClient

pytestmark = pytest.mark.integration


def test_database_is_empty_and_transactional(mongodb_uri: str, mongo_database: str) -> None:
    with MongoClient[dict[str, object]](mongodb_uri) as client:
        database = client[mongo_database]
        assert database.list_collection_names() == []
        with client.start_session() as session, session.start_transaction():
            database["things"].insert_one({"_id": "one"}, session=session)
        assert database["things"].count_documents({}) == 1


def test_a_killed_transaction_blocks_for_seconds_only(mongodb_uri: str) -> None:
    with MongoClient[dict[str, object]](mongodb_uri) as client:
        known = client.admin.command("getParameter", 1, transactionLifetimeLimitSeconds=1)
        configuration = client.admin.command("replSetGetConfig")["config"]
    assert known["transactionLifetimeLimitSeconds"] == 5
    assert configuration["settings"]["electionTimeoutMillis"] == 2000


def test_broker_carries_a_message(amqp_uri: str) -> None:
    kombu: Any = importlib.import_module("kombu")  # it ships no types
    with kombu.Connection(amqp_uri) as connection:
        queue = connection.SimpleQueue("test-fixtures", queue_opts={"durable": False, "auto_delete": True})
        queue.put({"n": 1})
        assert queue.get(timeout=5).payload == {"n": 1}
        queue.close()
