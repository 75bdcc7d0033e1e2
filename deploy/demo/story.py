"""One customer's story, through the gateway's HTTP API only.

Anna has 2,500 points and buys three things for 270.00 zloty: 2,000 points pay 20.00 of it, her card the
rest. Two of the three come back with the courier. What must come out follows from the rules alone:

* goods sent back: 180.00 + 54.00 = 234.00 of 270.00
* points given back: floor(2000 x 234 / 270) = 1,733, worth 17.33 (loyalty.md R9)
* money given back: 234.00 - 17.33 = 216.67
* earned: floor(250.00) = 250 points; kept goods earn floor(33.33) = 33, so 217 are taken back (R3)
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.demo.checks import Figures, until
from deploy.demo.shop import Shop

CURRENCY = "PLN"
PROGRAM = "club"
GIVEN_POINTS, SPENT_POINTS, POINTS_VALUE = 2_500, 2_000, 2_000
LINES = (("coat", "Wool coat", 20_000), ("shirt", "Linen shirt", 6_000), ("scarf", "Silk scarf", 4_000))
DISCOUNT, TOTAL = 3_000, 27_000
# The courier's own codes.
COLLECTED, AT_HUB, DELIVERED = "K20", "K30", "K50"
CASH_BACK, POINTS_BACK, POINTS_TAKEN, POINTS_KEPT = 21_667, 1_733, 217, 33
ADDRESS = {
    "name": "Anna Żółć",
    "street": "ul. Świętokrzyska 12/3",
    "city": "Warszawa",
    "postal_code": "00-044",
    "country": "PL",
    "phone": "+48600100200",
}
Tell = Callable[[str], None]  # what just happened, for the person who watches


def money(minor: int) -> dict[str, Any]:
    """An amount in the API's form."""
    return {"minor": minor, "currency": CURRENCY}


@dataclass
class Story:
    """Runs the story step by step and notes every figure."""

    shop: Shop
    tell: Tell
    figures: Figures = field(default_factory=Figures)
    shown: dict[str, Any] = field(default_factory=dict)
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def run(self) -> None:
        """The whole story. Raises StepError where it cannot go on."""
        self.gateway, self.provider, self.courier = self.shop.gateway, self.shop.provider, self.shop.courier
        self._begin_with_a_second()
        run = self.gateway.run
        self.account, self.order = f"anna-{run}", f"order-{run}"
        self._join()
        self._buy()
        self._ask_what_comes_back()
        self._send_back()
        self._receive()
        self._get_money()
        self._settle_points()
        self._reconcile()

    def _begin_with_a_second(self) -> None:
        """Wait for the next whole second: the provider's books know no smaller unit.

        So whatever happened before is before the period that this story reconciles, in both books.
        """
        self.began_at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
        time.sleep((self.began_at - datetime.now(UTC)).total_seconds())

    def _join(self) -> None:
        member = {"program_id": PROGRAM, "customer_id": f"cust-{self.account}", "account_id": self.account}
        self.gateway.post("shop", "/v1/members", member)
        self.gateway.post("agent", f"/v1/members/{self.account}:adjust", {"points": GIVEN_POINTS})
        self.tell(f"Anna joins and has {GIVEN_POINTS:,} points")

    def _buy(self) -> None:
        hold = self.gateway.post(
            "shop",
            f"/v1/members/{self.account}/reservations",
            {"points": SPENT_POINTS, "order_id": self.order},
        )["reservation"]["reservation_id"]
        self.intent = self.provider.pay(TOTAL - POINTS_VALUE, CURRENCY, self.order)
        self.gateway.post("shop", f"/v1/members/{self.account}/reservations/{hold}:commit", {})
        order = self.gateway.post("shop", "/v1/orders", self._order_body(hold))
        self.figures.check("order total", order["total"], money(TOTAL))
        until("the payment becoming known", self._payments, lambda found: len(found) == 1)
        delivered = (self.began_at - timedelta(hours=1)).isoformat()
        self.gateway.post("shop", f"/v1/orders/{self.order}:markDelivered", {"deliver_time": delivered})
        balance = until("earning", self._balance, lambda found: bool(found["pending"] > 0))
        self.figures.check("points pending after the purchase", balance["pending"], 250)
        self.figures.check(
            "points available after the purchase", balance["available"], GIVEN_POINTS - SPENT_POINTS
        )
        self.tell("she pays 250.00 by card and 20.00 with 2,000 points; delivered, 250 points are pending")

    def _ask_what_comes_back(self) -> None:
        lines = [
            {"line_id": "coat", "quantity": 1, "reason": "SIZE_TOO_LARGE"},
            {"line_id": "shirt", "quantity": 1, "reason": "CHANGED_MIND"},
        ]
        quote = self.gateway.post("shop", f"/v1/orders/{self.order}/return-quotes", {"lines": lines})
        self.figures.check("quoted money", quote["totals"]["cash"], money(CASH_BACK))
        self.figures.check("quoted points", quote["totals"]["points"], POINTS_BACK)
        clawed = quote["points_preview"]["points_clawed"]
        self.figures.check("quoted points to be taken back", clawed["from_pending"], POINTS_TAKEN)
        self.token = quote["quote_token"]
        self.tell("she would return coat and shirt, and is told: 216.67 to the card, 1,733 points back")

    def _send_back(self) -> None:
        opened = self.gateway.post("shop", "/v1/returns", {"order_id": self.order, "quote_token": self.token})
        self.return_path = f"/v1/returns/{opened['return_id']}"
        slots = self.gateway.post("shop", f"{self.return_path}/slots", {"address": ADDRESS})["slots"]
        booking = {"slot_id": slots[0]["slot_id"], "address": ADDRESS}
        booked = self.gateway.post("shop", f"{self.return_path}/pickups", booking)
        self.figures.check("pickup", booked["pickups"][-1]["state"], "SCHEDULED")
        label = self.gateway.raw("shop", f"{self.return_path}/label.pdf")
        self.figures.check("label is a PDF", label[:5], b"%PDF-")
        self.tracking = booked["shipments"][0]["tracking_number"]
        start, end = slots[0]["start_time"][:16], slots[0]["end_time"][11:16]
        self.tell(f"{opened['rma_number']}: the courier comes {start} to {end} UTC; the label is printed")
        self._scan()

    def _scan(self) -> None:
        now = datetime.now(UTC)
        collected_at, hub_at = now - timedelta(seconds=20), now - timedelta(seconds=10)
        self.courier.scan(self.tracking, COLLECTED, collected_at.isoformat())
        self.courier.repeat_last()
        collected = until(
            "the collection scan", self._return, lambda found: bool(found["state"] != "APPROVED")
        )
        self.figures.check("return after the collection scan", collected["state"], "IN_TRANSIT")
        self.courier.scan(self.tracking, DELIVERED, now.isoformat())
        self.courier.scan(self.tracking, AT_HUB, hub_at.isoformat())  # happened before, arrives after
        parcel = until("the delivery scan", self._parcel, lambda found: bool(found["state"] == "DELIVERED"))
        self.figures.check("parcel after duplicated and late scans", parcel["state"], "DELIVERED")
        self.tell("signed scans arrive: collected (twice), delivered, at the hub (late); none counts twice")

    def _receive(self) -> None:
        found = self.gateway.get("warehouse", f"/v1/warehouse/scans/{self.tracking}")
        units = [{"line_id": line, "quantity": 1} for line in ("coat", "shirt")]
        self.gateway.post("warehouse", f"/v1/returns/{found['return_id']}:receiveParcel", {"lines": units})
        verdict = {"grade": "A", "decision": "ACCEPTED", "disposition": "RESTOCK", "reduction_bps": 0}
        graded = {"lines": [unit | verdict for unit in units]}
        self.gateway.post("warehouse", f"/v1/returns/{found['return_id']}:recordInspection", graded)
        self.tell("the warehouse scans the parcel in and grades both items A")

    def _get_money(self) -> None:
        refunds = until(
            "the refund going through",
            self._refunds,
            lambda found: bool(found and found[0]["state"] == "SUCCEEDED"),
        )
        self.figures.check("refunds for the return", len(refunds), 1)
        self.figures.check("refunded", refunds[0]["amount"], money(CASH_BACK))
        at_provider = self.provider.refunds_of(self.intent)
        self.figures.check("refunds at the provider", [one["amount"] for one in at_provider], [CASH_BACK])
        self.figures.check("calls made to create it", refunds[0]["legs"][0]["wire_calls"], 1)
        until(
            "the provider's webhook being accepted",
            lambda: self._waiting_webhooks(at_provider[0]["id"]),
            lambda waiting: not waiting,
        )
        self.shown["refund"] = refunds[0]
        self.tell("216.67 go back to the card, exactly once; the provider's webhook confirms it")

    def _settle_points(self) -> None:
        closed = until("the return closing", self._return, lambda found: bool(found["state"] == "CLOSED"))
        self.figures.check("settlement", closed["settlement_state"], "SETTLED")
        balance = self._balance()
        self.figures.check(
            "points available at the end", balance["available"], GIVEN_POINTS - SPENT_POINTS + POINTS_BACK
        )
        self.figures.check("points pending at the end", balance["pending"], POINTS_KEPT)
        self.figures.check("points owed", balance["deficit"], 0)
        self.shown |= {"return": closed, "balance": balance}
        self.tell("1,733 spent points are back, 217 of the 250 pending ones are gone, 33 stay for the scarf")

    def _reconcile(self) -> None:
        # From this story's own beginning: the stand-in forgets what it sent before it was restarted.
        period = {
            "from_time": self.began_at.isoformat(),
            "to_time": (datetime.now(UTC) + timedelta(seconds=1)).isoformat(),
        }
        run = self.gateway.post("finance", "/v1/reconciliation-runs", period)
        statement = next(one for one in run["statements"] if one["currency"] == CURRENCY)
        self.figures.check("unexplained", statement["unexplained"], money(0))
        self.figures.check("ledger equals provider", statement["ledger_total"], statement["psp_total"])
        self.figures.check("differences", statement["breaks"], [])
        self.shown["statement"] = statement
        self.tell("finance reconciles: ledger and provider agree, unexplained 0.00")

    def _order_body(self, hold: str) -> dict[str, Any]:
        return {
            "order_id": self.order,
            "customer_id": f"cust-{self.account}",
            "loyalty_account_id": self.account,
            "loyalty_program_id": PROGRAM,
            "lines": [
                {
                    "line_id": line,
                    "sku": f"sku-{line}",
                    "title": title,
                    "quantity": 1,
                    "unit_price": money(price),
                    "tax_rate_bps": 2_300,
                }
                for line, title, price in LINES
            ],
            "discount": money(DISCOUNT),
            "shipping": money(0),
            "shipping_cheapest": money(0),
            "tenders": [
                {"kind": "CARD", "amount": money(TOTAL - POINTS_VALUE), "reference": self.intent},
                {"kind": "POINTS", "amount": money(POINTS_VALUE), "points": SPENT_POINTS, "reference": hold},
            ],
            "place_time": (self.began_at - timedelta(days=2)).isoformat(),
        }

    def _balance(self) -> Any:  # noqa: ANN401 - JSON
        return self.gateway.get("shop", f"/v1/members/{self.account}/balance")

    def _payments(self) -> Any:  # noqa: ANN401 - JSON
        return self.gateway.get("shop", f"/v1/orders/{self.order}/payments")["payments"]

    def _refunds(self) -> Any:  # noqa: ANN401 - JSON
        return self.gateway.get("finance", "/v1/refunds", return_id=self.return_path.rsplit("/", 1)[1])[
            "refunds"
        ]

    def _waiting_webhooks(self, refund_id: str) -> list[str]:
        waiting = self.provider.undelivered_refund_events(refund_id)
        if waiting and self.gateway.retries and self.provider.base:
            # Nobody was there to take them for longer than the stand-in tries: it sends them once more.
            self.provider.send_events_again()
        return waiting

    def _parcel(self) -> Any:  # noqa: ANN401 - JSON
        return self._return()["shipments"][0]

    def _return(self) -> Any:  # noqa: ANN401 - JSON
        return self.gateway.get("shop", self.return_path)
