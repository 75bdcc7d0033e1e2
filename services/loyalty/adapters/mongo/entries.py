"""Ledger entries: inserted, never changed."""

import hashlib
from collections.abc import Sequence

from pymongo import ASCENDING, IndexModel

from services.chassis.mongo.client import Document
from services.loyalty.adapters.mongo.accounts import account_key
from services.loyalty.application.answers import PointsChange
from services.loyalty.application.ports import Request
from services.loyalty.domain.ledger import (
    Allocation,
    Balance,
    Bucket,
    Entry,
    EntryKind,
    Expiring,
    Posting,
    Source,
    SourceType,
)

ENTRIES = "entries"
INDEXES = [
    # Rule R6, for ever: the same source moves points once, the same request has one effect. Keys of both
    # kinds are random, so their size decides how much of the index each commit dirties: digests are a
    # quarter of the names, and the names' parts stand in the entry.
    IndexModel(
        [("guards", ASCENDING)],
        name="guards",
        unique=True,
        partialFilterExpression={"guards": {"$exists": True}},
    ),
]
# An order's points have a lot that is named by the order; two such lots cannot be.
_GUARDED_BY_THEIR_LOT = frozenset({EntryKind.EARN_PENDING, EntryKind.EARN_ACTIVE})
# Figures of the answer that are kept with the entry, in the order of `Balance`.
_AFTER = 7


def entry_key(owner: str, sequence: int) -> str:
    """The document's id: gapless per account, and sorted as its ledger is."""
    return f"{owner}/{sequence:012d}"


def request_key(tenant_id: str, request: Request) -> str:
    """A request as its first entry carries it."""
    return f"{tenant_id}/{request.rpc}/{request.key}"


def guard(kind: str, name: str) -> bytes:
    """What is unique of a source or a request: 128 bits of its name."""
    return hashlib.blake2b(f"{kind}:{name}".encode(), digest_size=16).digest()


def request_guard(tenant_id: str, request: Request) -> bytes:
    """The guard of a request."""
    return guard("request", request_key(tenant_id, request))


def to_document(entry: Entry) -> Document:
    """The document of an entry."""
    owner = account_key(entry.tenant_id, entry.account_id)
    document: Document = {
        "_id": entry_key(owner, entry.sequence),
        "tenant_id": entry.tenant_id,
        "program_id": entry.program_id,
        "account_id": entry.account_id,
        "sequence": entry.sequence,
        "kind": entry.kind.value,
        "points": entry.points,
        "postings": [(bucket.value, delta) for bucket, delta in entry.postings],
        "allocations": entry.allocations,
        "source": (entry.source.type.value, entry.source.id),
        "effective_at": entry.effective_at,
        "recorded_at": entry.recorded_at,
        "prev_hash": bytes.fromhex(entry.prev_hash),
        "hash": bytes.fromhex(entry.hash),
    }
    if entry.reason_code:
        document["reason_code"] = entry.reason_code
    if entry.natural_key:
        document["once"] = entry.once
        if entry.kind not in _GUARDED_BY_THEIR_LOT:
            document["guards"] = [guard("source", f"{owner}/{entry.natural_key}")]
    return document


def keep_answer(documents: Sequence[Document], tenant_id: str, request: Request, balance: Balance) -> None:
    """Let the entries of one request carry its key and what it was answered."""
    first = documents[0]
    first.setdefault("guards", []).append(request_guard(tenant_id, request))
    first["fingerprint"] = request.fingerprint
    first["wrote"] = len(documents)
    first["after"] = [*balance[:_AFTER], balance.version, balance.as_of, *balance.expiring]


def to_entry(row: Document) -> Entry:
    """The entry in a document."""
    return Entry(
        row["tenant_id"],
        row["program_id"],
        row["account_id"],
        row["sequence"],
        EntryKind(row["kind"]),
        row["points"],
        tuple(Posting(Bucket(bucket), delta) for bucket, delta in row["postings"]),
        tuple(Allocation(lot_id, points) for lot_id, points in row["allocations"]),
        Source(SourceType(row["source"][0]), row["source"][1]),
        row.get("reason_code", ""),
        row["effective_at"],
        row["recorded_at"],
        row["prev_hash"].hex(),
        row["hash"].hex(),
        row.get("once", ""),
    )


def to_points_change(rows: Sequence[Document]) -> PointsChange:
    """The answer that the entries of one request keep."""
    after = rows[0]["after"]
    expiring = tuple(Expiring(points, at) for points, at in after[_AFTER + 2 :])
    balance = Balance._make((*after[:_AFTER], expiring, after[_AFTER + 1], after[_AFTER]))
    return PointsChange(tuple(to_entry(row) for row in rows), balance)
