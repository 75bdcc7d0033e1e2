"""Values as they are stored: money as {minor: int64, currency}."""

from bson.int64 import Int64

from services.chassis.kernel.money import Money
from services.chassis.mongo.client import Document


def from_money(money: Money) -> Document:
    """The document of a money."""
    return {"minor": Int64(money.minor), "currency": money.currency}


def to_money(document: Document) -> Money:
    """The money in a document."""
    return Money(int(document["minor"]), document["currency"])
