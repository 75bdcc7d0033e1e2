"""The account's own document: small, whatever its history."""

from datetime import UTC, datetime

from pymongo import ASCENDING, IndexModel

from services.chassis.mongo.client import Document
from services.loyalty.domain.account import Account, AccountState
from services.loyalty.domain.ledger import Bucket

ACCOUNTS = "accounts"
# A partial index serves a query only when the query says the same: "there is a time" is "after the epoch".
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MEMBER_INDEX = "member"
INDEXES = [
    IndexModel(
        [("tenant_id", ASCENDING), ("program_id", ASCENDING), ("customer_id", ASCENDING)],
        name=MEMBER_INDEX,
        unique=True,
    ),
    # What the sweep looks for; accounts without anything due are not in it.
    IndexModel(
        [("next_due_at", ASCENDING)],
        name="timed",
        partialFilterExpression={"next_due_at": {"$gt": EPOCH}},
    ),
]
_BUCKETS = tuple(Bucket)


def account_key(tenant_id: str, account_id: str) -> str:
    """The document's id, and the first part of the ids of all that belongs to the account."""
    return f"{tenant_id}/{account_id}"


def to_account(row: Document) -> Account:
    """The account in a document."""
    return Account(
        row["tenant_id"],
        row["program_id"],
        row["account_id"],
        row["customer_id"],
        AccountState(row["state"]),
        row["created_at"],
        row["version"],
        row["sequence"],
        row["head_hash"],
        row["told"],
        dict(zip(_BUCKETS, row["buckets"], strict=True)),
        dict(zip(*row["expiring"], strict=True)),
        row["holds"],
        row["next_activation_at"],
    )


def to_document(account: Account) -> Document:
    """The document of a new account."""
    return {
        "_id": account_key(account.tenant_id, account.account_id),
        "tenant_id": account.tenant_id,
        "program_id": account.program_id,
        "account_id": account.account_id,
        "customer_id": account.customer_id,
        "created_at": account.created_at,
        **to_update(account),
    }


def to_update(account: Account) -> Document:
    """What can change of it."""
    return {
        "state": account.state.value,
        "version": account.version,
        "sequence": account.sequence,
        "head_hash": account.head_hash,
        "told": account.told,
        "buckets": list(account.buckets.values()),
        "expiring": [list(account.expiring), list(account.expiring.values())],
        "holds": account.holds,
        "next_activation_at": account.next_activation_at,
        "next_due_at": account.next_due_at,
    }
