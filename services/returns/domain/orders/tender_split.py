"""How much of a refund is points and how much is money (M5; loyalty.md R9, PROPORTIONAL)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """A part of an order that goes back: its worth and, within it, points. Minor units."""

    amount: int = 0
    points: int = 0
    points_value: int = 0


@dataclass(frozen=True, slots=True)
class Released:
    """What all returns of an order give back so far, promised or sent.

    `shipping_by` is the return that gives the outbound delivery back; it goes back once.
    """

    amount: int = 0
    points: int = 0
    points_value: int = 0
    shipping_by: str = ""

    def plus(self, share: Share, shipping_by: str = "") -> "Released":
        """With one more share."""
        return Released(
            self.amount + share.amount,
            self.points + share.points,
            self.points_value + share.points_value,
            self.shipping_by or shipping_by,
        )

    def minus(self, share: Share, shipping_by: str = "") -> "Released":
        """Without a share that was in it."""
        return Released(
            self.amount - share.amount,
            self.points - share.points,
            self.points_value - share.points_value,
            "" if shipping_by and self.shipping_by == shipping_by else self.shipping_by,
        )


@dataclass(frozen=True, slots=True)
class PointsTender:
    """The points that paid for a part of an order of `total`: how many, and what they paid."""

    points: int
    value: int
    total: int

    def share_of(self, amount: int, before: Released) -> Share:
        """The share of the next `amount`: f(before + amount) - f(before), so that parts telescope exactly.

        What earlier returns got stands, also when one of them was called off since: the next one makes
        good for its rounding. Never negative, never more than is left.
        """
        reached = before.amount + amount
        points = self._of(self.points, reached) - before.points
        value = self._of(self.value, reached) - before.points_value
        return Share(
            amount,
            max(0, min(points, self.points - before.points)),
            max(0, min(value, self.value - before.points_value, amount)),
        )

    def _of(self, whole: int, reached: int) -> int:
        return whole * reached // self.total if self.total else 0
