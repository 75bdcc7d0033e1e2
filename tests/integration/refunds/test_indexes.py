"""Every query that grows with the business uses an index."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.refunds.adapters.mongo.collection import due_by
from tests.integration.refunds.shop import Shop

pytestmark = pytest.mark.integration
NOW = datetime.now(UTC)
QUERIES: list[tuple[str, dict[str, Any], list[tuple[str, int]]]] = [
    ("legs", due_by(NOW), [("due_at", 1)]),
    ("psp_events", due_by(NOW), [("due_at", 1)]),
    ("legs", {"provider_refund_id": {"$in": ["a", "b"], "$gt": ""}}, []),
    ("legs", {"tenant_id": "s", "refund_id": {"$in": ["a", "b"]}}, [("_id", 1)]),
    ("payments", {"provider": "STRIPE", "provider_payment_id": {"$in": ["a"]}}, []),
    ("payments", {"tenant_id": "s", "order_id": "o"}, []),
    ("refunds", {"tenant_id": "s", "request_key": "k"}, []),
    ("refunds", {"tenant_id": "s", "order_id": "o"}, [("refund_id", -1)]),
    ("refunds", {"tenant_id": "s", "return_id": "r"}, [("refund_id", -1)]),
    ("refunds", {"tenant_id": "s", "refund_id": {"$lt": "r"}}, [("refund_id", -1)]),
    ("journal", {"tenant_id": "s", "booked_at": {"$gte": NOW}, "lines.account": "X"}, [("booked_at", 1)]),
]


async def test_no_query_scans_its_collection(shop: Shop) -> None:
    for name, query, sort in QUERIES:
        cursor = shop.database[name].find(query)
        plan = (cursor.sort(sort) if sort else cursor).explain()["queryPlanner"]["winningPlan"]
        assert "COLLSCAN" not in str(plan), (name, query)
