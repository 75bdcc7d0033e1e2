"""Returns: open, follow, courier, label, call off."""

from starlette.responses import Response

from aftercare.returns.v1 import pickup_service_pb2, returns_service_pb2
from services.gateway.domain.credentials import Scope
from services.gateway.entrypoints.http.operations import Operation

_RETURNS = returns_service_pb2.DESCRIPTOR.services_by_name["ReturnsService"].methods_by_name
_PICKUPS = pickup_service_pb2.DESCRIPTOR.services_by_name["PickupService"].methods_by_name
_RETURN = "/v1/returns/{return_id}"
_MEDIA = {
    pickup_service_pb2.Label.FORMAT_PDF: "application/pdf",
    pickup_service_pb2.Label.FORMAT_ZPL: "application/zpl",
}


def as_file(label: pickup_service_pb2.Label) -> Response:
    """The label as the file it is."""
    return Response(label.content, media_type=_MEDIA[label.format])


OPERATIONS = (
    Operation("POST", "/v1/returns", _RETURNS["CreateReturn"], Scope.RETURNS_WRITE,
              "Open the return that was quoted", "returns"),
    Operation("GET", "/v1/returns", _RETURNS["ListReturns"], Scope.RETURNS_READ,
              "List returns, newest first", "returns", query=("order_id", "page_size", "page_token")),
    Operation("GET", _RETURN, _RETURNS["GetReturn"], Scope.RETURNS_READ,
              "Read a return by id or RMA number", "returns"),
    Operation("POST", f"{_RETURN}:cancel", _RETURNS["CancelReturn"], Scope.RETURNS_WRITE,
              "Call a return off", "returns"),
    Operation("GET", f"{_RETURN}/timeline", _RETURNS["ListTimeline"], Scope.RETURNS_READ,
              "The story of a return", "returns"),
    Operation("POST", f"{_RETURN}/slots", _PICKUPS["ListSlots"], Scope.RETURNS_READ,
              "When the courier can come", "pickups"),
    Operation("POST", f"{_RETURN}/pickups", _PICKUPS["BookPickup"], Scope.RETURNS_WRITE,
              "Book the courier", "pickups"),
    Operation("GET", f"{_RETURN}/label.pdf", _PICKUPS["GetLabel"], Scope.RETURNS_READ,
              "The label as PDF", "pickups", fixed={"format": "PDF"}, present=as_file),
    Operation("GET", f"{_RETURN}/label.zpl", _PICKUPS["GetLabel"], Scope.RETURNS_READ,
              "The label for a Zebra printer", "pickups", fixed={"format": "ZPL"}, present=as_file),
)  # fmt: skip
