"""A label as PDF, 100 x 150 mm, one page a piece (spec returns.md 3.5)."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.code128 import Code128
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

if TYPE_CHECKING:
    from deploy.standins.courier.company.records import Consignment

FONT_FILE: Final = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
FONT: Final = "DejaVuSans"
_WIDTH, _HEIGHT = 100 * mm, 150 * mm
_QR_SIDE = 38 * mm


class FontMissingError(RuntimeError):
    """Labels need a font with ą ę ł ń ś ź ż; Helvetica and reportlab's own lack them."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is missing: install the Debian package fonts-dejavu-core")


@cache
def register_font(path: Path = FONT_FILE) -> None:
    """Make the font known to reportlab, once a process. Raises `FontMissingError`."""
    if not path.is_file():
        raise FontMissingError(path)
    pdfmetrics.registerFont(TTFont(FONT, str(path)))


def pdf_label(consignment: Consignment, waybill: str) -> bytes:
    """One piece's label. The same piece gives the same bytes for ever."""
    register_font()
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(_WIDTH, _HEIGHT), invariant=1, pageCompression=0)
    canvas.setTitle(waybill)
    canvas.setAuthor("Kurier")
    _draw_addresses(canvas, consignment, waybill)
    _draw_codes(canvas, waybill)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _draw_addresses(canvas: Canvas, consignment: Consignment, waybill: str) -> None:
    order = consignment.order
    sender, receiver = order.shipper, order.consignee
    piece = consignment.waybills.index(waybill) + 1
    lines = (
        (142, 14, "KURIER  Zwrot / Return"),
        (134, 8, f"Od / From: {sender.name}"),
        (130, 8, f"{sender.line1}, {sender.zip} {sender.town} {sender.country}"),
        (121, 11, f"Do / To: {receiver.name}"),
        (116, 11, receiver.line1),
        (111, 11, f"{receiver.zip} {receiver.town} {receiver.country}"),
        (103, 8, f"Ref {order.your_ref}    {piece}/{len(consignment.waybills)}"),
    )
    for y, size, text in lines:
        canvas.setFont(FONT, _fitting(text, size))
        canvas.drawString(5 * mm, y * mm, text)


def _fitting(text: str, size: float) -> float:
    """The size, or a smaller one if the line would leave the label."""
    width = pdfmetrics.stringWidth(text, FONT, size)
    return min(size, size * 90 * mm / width) if width else size


def _draw_codes(canvas: Canvas, waybill: str) -> None:
    bars = Code128(waybill, barHeight=28 * mm, barWidth=0.4 * mm, quiet=True)
    bars.drawOn(canvas, (_WIDTH - bars.width) / 2, 65 * mm)
    # A built-in font keeps the waybill as plain text in the file, so that it can be searched.
    canvas.setFont("Helvetica-Bold", 12)
    canvas.drawCentredString(_WIDTH / 2, 58 * mm, waybill)
    code = QrCodeWidget(waybill, barLevel="M", barWidth=_QR_SIDE, barHeight=_QR_SIDE)
    drawing = Drawing(_QR_SIDE, _QR_SIDE)
    drawing.add(code)
    renderPDF.draw(drawing, canvas, (_WIDTH - _QR_SIDE) / 2, 12 * mm)
