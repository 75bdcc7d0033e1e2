from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deploy.standins.stripe.account.account import Account
    from deploy.standins.stripe.account.collection import Collection
    from deploy.standins.stripe.server import StandIn
    from deploy.standins.stripe.wire.call import StripeObject

DEFAULT_ROWS = 1_000
MAX_ROWS = 100_000


def shown_state(stand_in: StandIn, limit: int) -> StripeObject:
    """Return what the account knows, up to `limit` of the newest rows of each kind.

    Objects come newest first as in Stripe's lists; the wire log comes oldest first. `totals` tells
    how many there are, and what was let go to stay within memory.
    """
    sandbox, account = stand_in.sandbox, stand_in.sandbox.account
    return {
        "now": account.clock.now(),
        "autohook": account.events.deliver_at_once,
        "available": account.ledger.available,
        "hooks": [{"url": hook.url, "events": hook.events} for hook in account.events.hooks],
        "faults": [
            {"kind": rule.kind, "on": rule.on, "times": rule.times, "skip": rule.skip}
            for rule in sandbox.faults.rules
        ],
        "refunds": _newest(account.refunds, limit),
        "charges": _newest(account.charges, limit),
        "disputes": _newest(account.disputes, limit),
        "payouts": _newest(account.payouts, limit),
        "balance_transactions": _stamped(account, limit),
        "event_types": [event["type"] for event in _newest(account.events.rows, limit)],
        "wire": sandbox.log.newest(limit),
        "totals": {
            **{rows.kind: len(rows) for rows in account.all_collections()},
            "event": len(account.events.rows),
            "event_evicted": account.events.rows.evicted,
            "idempotency_key": len(sandbox.keys),
            "idempotency_key_evicted": sandbox.keys.evicted,
            "webhook_queued": stand_in.sender.queued,
            "webhook_overflowed": stand_in.sender.overflowed,
            "wire": sandbox.log.total,
            "wire_dropped": sandbox.log.dropped,
        },
    }


def _newest(rows: Collection, limit: int) -> list[StripeObject]:
    return list(islice(rows.newest_first({}), limit))


def _stamped(account: Account, limit: int) -> list[StripeObject]:
    """Add the automatic payout to each row, which the API only filters by and never shows."""
    ledger = account.ledger
    return [{**row, "payout": ledger.payout_of.get(row["id"])} for row in _newest(ledger.rows, limit)]
