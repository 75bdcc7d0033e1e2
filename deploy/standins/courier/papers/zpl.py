"""A label as ZPL text for a 203 dpi printer, 100 x 150 mm (800 x 1200 dots)."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from deploy.standins.courier.company.records import Consignment

# Letters that do not fall apart into a base letter and an accent.
_WHOLE_LETTERS: Final = str.maketrans({"Ł": "L", "ł": "l", "ß": "ss", "Đ": "D", "đ": "d", "ø": "o"})


def printable(text: str) -> str:
    """Text a printer's built-in font can show, with ZPL's own signs (^ ~ and the escape _) disarmed."""
    plain = unicodedata.normalize("NFKD", text.translate(_WHOLE_LETTERS))
    ascii_only = plain.encode("ascii", "ignore").decode()
    return "".join(f"_{ord(sign):02X}" if sign in "^~_" else sign for sign in ascii_only)


def zpl_label(consignment: Consignment, waybill: str) -> str:
    """One piece's label: Code 128 and QR of its waybill, both readable on their own."""
    order = consignment.order
    piece = consignment.waybills.index(waybill) + 1
    sender, receiver = order.shipper, order.consignee
    lines = (
        (30, 30, 40, "KURIER  ZWROT / RETURN"),
        (30, 110, 26, f"OD / FROM: {sender.name}"),
        (30, 145, 26, f"{sender.line1}, {sender.zip} {sender.town} {sender.country}"),
        (30, 215, 34, f"DO / TO: {receiver.name}"),
        (30, 260, 34, receiver.line1),
        (30, 305, 34, f"{receiver.zip} {receiver.town} {receiver.country}"),
        (30, 380, 26, f"REF {order.your_ref}   {piece}/{len(consignment.waybills)}"),
    )
    texts = [f"^FO{x},{y}^A0N,{height},{height}^FH^FD{printable(text)}^FS" for x, y, height, text in lines]
    return "\n".join(
        (
            "^XA",
            "^CI28",
            "^PW800",
            "^LL1200",
            *texts,
            f"^FO60,470^BY3^BCN,220,Y,N,N^FD{waybill}^FS",
            f"^FO270,790^BQN,2,9^FDMA,{waybill}^FS",
            "^XZ",
            "",
        )
    )
