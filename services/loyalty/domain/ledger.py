"""The ledger: immutable entries whose postings sum to 0, chained by hash per account (rule R10)."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Bucket(StrEnum):
    """Where points can be. The customer's own come first; the others say where they came from or went.

    `deficit` and `issued` are negative: what the customer owes, what the programme gave.
    """

    PENDING = "pending"
    AVAILABLE = "available"
    HELD = "held"
    DEFICIT = "deficit"
    ISSUED = "issued"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    WRITTEN_OFF = "written_off"


class EntryKind(StrEnum):
    """What happened."""

    EARN_PENDING = "EARN_PENDING"
    EARN_ACTIVE = "EARN_ACTIVE"
    ACTIVATE = "ACTIVATE"
    RESERVE = "RESERVE"
    COMMIT = "COMMIT"
    RELEASE = "RELEASE"
    EXPIRE = "EXPIRE"
    CLAWBACK = "CLAWBACK"
    CLAWBACK_WRITTEN_OFF = "CLAWBACK_WRITTEN_OFF"
    RESTORE = "RESTORE"
    DEFICIT_REPAID = "DEFICIT_REPAID"
    DEFICIT_CREATED = "DEFICIT_CREATED"
    ADJUST_CREDIT = "ADJUST_CREDIT"
    ADJUST_DEBIT = "ADJUST_DEBIT"
    CANCEL_PENDING = "CANCEL_PENDING"


class SourceType(StrEnum):
    """Kinds of causes."""

    ORDER = "ORDER"
    ADJUSTMENT = "ADJUSTMENT"
    RESERVATION = "RESERVATION"
    RETURN = "RETURN"
    CLOCK = "CLOCK"
    IMPORT = "IMPORT"


class Source(NamedTuple):
    """What caused an entry."""

    type: SourceType
    id: str


class Posting(NamedTuple):
    """One leg of an entry: signed points into a bucket."""

    bucket: Bucket
    delta: int


class Allocation(NamedTuple):
    """Points of one lot that an entry touched, unsigned."""

    lot_id: str
    points: int


class Entry(NamedTuple):
    """One line of the ledger. A tuple, since the hot path makes thousands a second.

    `once` names the part of the source that may move points a single time for ever; empty when the sequence
    is guard enough.
    """

    tenant_id: str
    program_id: str
    account_id: str
    sequence: int
    kind: EntryKind
    points: int
    postings: tuple[Posting, ...]
    allocations: tuple[Allocation, ...]
    source: Source
    reason_code: str
    effective_at: datetime
    recorded_at: datetime
    prev_hash: str
    hash: str
    once: str

    @property
    def natural_key(self) -> str:
        """What may happen only once on the account (rule R6, guard 2); empty when nothing of it may not."""
        return f"{self.source.type}/{self.source.id}/{self.kind}/{self.once}" if self.once else ""

    @property
    def entry_id(self) -> str:
        """Unique in the tenant, and readable: the account and the place in its ledger."""
        return entry_id(self.account_id, self.sequence)


class Expiring(NamedTuple):
    """Points that expire together."""

    points: int
    expires_at: datetime


class Balance(NamedTuple):
    """What an account holds at `as_of`."""

    pending: int
    available: int
    held: int
    deficit: int
    lifetime_earned: int
    lifetime_redeemed: int
    lifetime_expired: int
    expiring: tuple[Expiring, ...]
    as_of: datetime
    version: int

    @property
    def displayed(self) -> int:
        """The figure to show."""
        return self.available - self.deficit


def entry_id(account_id: str, sequence: int) -> str:
    """The id of an account's entry."""
    return f"{account_id}.{sequence}"


def milliseconds(instant: datetime) -> int:
    """Whole milliseconds since 1970: how an instant is hashed, and what MongoDB keeps of it."""
    since = instant - _EPOCH
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


def from_milliseconds(since: int) -> datetime:
    """The instant again."""
    return _EPOCH + timedelta(milliseconds=since)


# Made once: `json.dumps` with these separators would make one for every entry.
_encode = json.JSONEncoder(separators=(",", ":")).encode


def seal(entry: Entry) -> Entry:
    """The entry with its hash."""
    return entry._replace(hash=content_hash(entry))


def content_hash(entry: Entry) -> str:
    """SHA-256 (hex) over the previous hash and everything the entry says. JSON keeps fields apart."""
    content = _encode(
        (
            entry.prev_hash,
            entry.tenant_id,
            entry.program_id,
            entry.account_id,
            entry.sequence,
            entry.kind,
            entry.points,
            entry.postings,
            entry.allocations,
            entry.source,
            entry.reason_code,
            milliseconds(entry.effective_at),
            milliseconds(entry.recorded_at),
        )
    )
    return hashlib.sha256(content.encode()).hexdigest()


class Verification(NamedTuple):
    """The result of checking an account's chain; `first_broken_sequence` is 0 when all is well."""

    ok: bool
    first_broken_sequence: int
    problem: str


def verify_chain(entries: Iterable[Entry]) -> Verification:
    """Check an account's whole ledger, oldest first: no gap, sums of 0, every hash and link (R10 i, iv)."""
    head = ""
    for sequence, entry in enumerate(entries, start=1):
        if entry.sequence != sequence:
            return Verification(ok=False, first_broken_sequence=sequence, problem="an entry is missing")
        problem = _problem_of(entry, head)
        if problem:
            return Verification(ok=False, first_broken_sequence=sequence, problem=problem)
        head = entry.hash
    return Verification(ok=True, first_broken_sequence=0, problem="")


def _problem_of(entry: Entry, head: str) -> str:
    if sum(posting.delta for posting in entry.postings) != 0:
        return "the postings do not sum to 0"
    if entry.prev_hash != head:
        return "the link to the previous entry is broken"
    if entry.hash != content_hash(entry):
        return "the content is not what was hashed"
    return ""


def sums(entries: Iterable[Entry]) -> dict[Bucket, int]:
    """The balances of all buckets as the entries tell them (R10 ii)."""
    totals = dict.fromkeys(Bucket, 0)
    for entry in entries:
        for bucket, delta in entry.postings:
            totals[bucket] += delta
    return totals


def replay(entries: Sequence[Entry], until: datetime) -> dict[Bucket, int]:
    """The balances as of a past instant: what was effective by then."""
    return sums(entry for entry in entries if entry.effective_at <= until)
