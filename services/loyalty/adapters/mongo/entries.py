"""Ledger entries: inserted, never changed."""

from collections.abc import Sequence

from pymongo import ASCENDING, IndexModel

from services.chassis.mongo.client import Document
from services.loyalty.adapters.mongo.accounts import account_key
from services.loyalty.application.answers import PointsChange
from services.loyalty.application.ports import Request
from services.loyalty.domain.account import Balance, Expiring
from services.loyalty.domain.ledger import Allocation, Bucket, Entry, EntryKind, Posting, Source, SourceType

ENTRIES = "entries"
SOURCE_INDEX, REQUEST_INDEX = "source", "request"
INDEXES = [
    # Rule R6: the same source moves points once, for ever; the same request has one effect.
    IndexModel(
        [("once", ASCENDING)],
        name=SOURCE_INDEX,
        unique=True,
        partialFilterExpression={"once": {"$type": "string"}},
    ),
    IndexModel(
        [("request", ASCENDING)],
        name=REQUEST_INDEX,
        unique=True,
        partialFilterExpression={"request": {"$type": "string"}},
    ),
]
# Figures of the answer that are kept with the entry, in the order of `Balance`.
_AFTER = 7


def entry_key(owner: str, sequence: int) -> str:
    """The document's id: gapless per account, and sorted as its ledger is."""
    return f"{owner}/{sequence:012d}"


def request_key(tenant_id: str, request: Request) -> str:
    """A request as its first entry carries it."""
    return f"{tenant_id}/{request.rpc}/{request.key}"


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
        "reason_code": entry.reason_code,
        "effective_at": entry.effective_at,
        "recorded_at": entry.recorded_at,
        "prev_hash": entry.prev_hash,
        "hash": entry.hash,
    }
    if entry.natural_key:
        document["once"] = f"{owner}/{entry.natural_key}"
    return document


def keep_answer(documents: Sequence[Document], tenant_id: str, request: Request, balance: Balance) -> None:
    """Let the entries of one request carry its key and what it was answered."""
    first = documents[0]
    first["request"] = request_key(tenant_id, request)
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
        row["reason_code"],
        row["effective_at"],
        row["recorded_at"],
        row["prev_hash"],
        row["hash"],
        row.get("once", "").removeprefix(f"{account_key(row['tenant_id'], row['account_id'])}/"),
    )


def to_points_change(rows: Sequence[Document]) -> PointsChange:
    """The answer that the entries of one request keep."""
    after = rows[0]["after"]
    expiring = tuple(Expiring(points, at) for points, at in after[_AFTER + 2 :])
    balance = Balance._make((*after[:_AFTER], expiring, after[_AFTER + 1], after[_AFTER]))
    return PointsChange(tuple(to_entry(row) for row in rows), balance)
