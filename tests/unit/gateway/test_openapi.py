import re
from collections.abc import Iterator
from typing import Any

import pytest

from services.gateway.entrypoints.http.app import OPERATIONS
from services.gateway.entrypoints.http.openapi import document
from services.gateway.entrypoints.http.routes import webhooks

DOCUMENT = document(OPERATIONS)
ENTRIES = [(path, verb, entry) for path, verbs in DOCUMENT["paths"].items() for verb, entry in verbs.items()]
WEBHOOKS = {webhooks.STRIPE_PATH, webhooks.CARRIER_PATH}
every = pytest.mark.parametrize(
    ("path", "verb", "entry"), ENTRIES, ids=[entry["operationId"] for *_, entry in ENTRIES]
)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inside in value.values():
            yield from references(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from references(inside)


def test_every_reference_leads_somewhere_and_every_schema_is_used() -> None:
    found = set(references(DOCUMENT))
    schemas = DOCUMENT["components"]["schemas"]
    assert found == {f"#/components/schemas/{name}" for name in schemas}
    assert not [name for name in schemas if "__" in name], "two models of one name"


def test_operation_ids_are_unique_and_the_rpcs_names() -> None:
    ids = [entry["operationId"] for *_, entry in ENTRIES]
    assert len(set(ids)) == len(ids)
    assert {"EarnPoints", "QuoteReturn", "ListEvents", "IngestPspWebhook", "IngestCarrierEvents"} <= set(ids)
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+", one) for one in ids)


@every
def test_every_path_parameter_is_declared(path: str, verb: str, entry: dict[str, Any]) -> None:
    declared = [one["name"] for one in entry["parameters"] if one["in"] == "path"]
    assert sorted(declared) == sorted(re.findall(r"{(\w+)}", path))
    assert all(one["required"] for one in entry["parameters"] if one["in"] == "path")
    names = [(one["in"], one["name"]) for one in entry["parameters"]]
    assert len(set(names)) == len(names)


@every
def test_every_operation_says_who_may_and_how_it_fails(path: str, verb: str, entry: dict[str, Any]) -> None:
    assert entry["summary"]
    assert entry["tags"][0] in [tag["name"] for tag in DOCUMENT["tags"]]
    assert entry["security"] == [] if path in WEBHOOKS else list(entry["security"][0]) == ["apiKey"]
    for status in ("4XX", "5XX"):
        content = entry["responses"][status]["content"]
        assert content == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert list(entry["responses"]["200"]["content"])
    assert ("requestBody" in entry) == (verb == "post")


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.operation_id)
def test_a_mutation_declares_its_idempotency_key(operation: Any) -> None:
    entry = DOCUMENT["paths"][operation.path][operation.verb.lower()]
    found = [one for one in entry["parameters"] if one["name"] == "Idempotency-Key"]
    assert bool(found) == operation.is_mutation
    assert all(one["required"] for one in found)


def test_a_body_may_be_left_out_only_where_nothing_in_it_is_required() -> None:
    optional = {
        entry["operationId"]
        for *_, entry in ENTRIES
        if not entry.get("requestBody", {}).get("required", True)
    }
    assert optional == {"CommitReservation", "CancelReservation", "CancelReturn"}


def test_nothing_of_the_head_of_a_request_is_shown() -> None:
    assert "RequestContext" not in DOCUMENT["components"]["schemas"]
    shown = DOCUMENT["components"]["schemas"]
    assert not [name for name, schema in shown.items() if "replayed" in schema.get("properties", {})]


def test_the_quote_has_its_points_preview() -> None:
    assert "points_preview" in DOCUMENT["components"]["schemas"]["QuotedReturn"]["required"]
