"""The warehouse desk."""

from aftercare.returns.v1 import warehouse_service_pb2
from services.gateway.domain.credentials import Scope
from services.gateway.entrypoints.http.operations import Operation

_DESK = warehouse_service_pb2.DESCRIPTOR.services_by_name["WarehouseService"].methods_by_name
_RETURN = "/v1/returns/{return_id}"

OPERATIONS = (
    Operation("GET", "/v1/warehouse/scans/{code}", _DESK["LookupByScan"], Scope.RETURNS_READ,
              "Find a return by what was scanned", "warehouse"),
    Operation("POST", f"{_RETURN}:receiveParcel", _DESK["ReceiveParcel"], Scope.WAREHOUSE_WRITE,
              "Count units in", "warehouse"),
    Operation("POST", f"{_RETURN}:recordInspection", _DESK["RecordInspection"], Scope.WAREHOUSE_WRITE,
              "Grade units", "warehouse"),
)  # fmt: skip
