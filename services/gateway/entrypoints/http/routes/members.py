"""Members and their points."""

from aftercare.loyalty.v1 import account_service_pb2, points_service_pb2, program_service_pb2
from services.gateway.domain.credentials import Scope
from services.gateway.entrypoints.http.operations import Operation

_ACCOUNTS = account_service_pb2.DESCRIPTOR.services_by_name["LoyaltyAccountService"].methods_by_name
_POINTS = points_service_pb2.DESCRIPTOR.services_by_name["PointsService"].methods_by_name
_PROGRAMS = program_service_pb2.DESCRIPTOR.services_by_name["ProgramService"].methods_by_name
_MEMBER = "/v1/members/{account_id}"
_HOLD = f"{_MEMBER}/reservations/{{reservation_id}}"
_READ, _WRITE = Scope.POINTS_READ, Scope.POINTS_WRITE

OPERATIONS = (
    Operation("POST", "/v1/programs", _PROGRAMS["CreateProgram"], Scope.PROGRAMS_WRITE,
              "Create a loyalty programme", "programs", body_field="program"),
    Operation("GET", "/v1/programs/{program_id}", _PROGRAMS["GetProgram"], _READ,
              "Read a programme", "programs"),
    Operation("POST", "/v1/members", _ACCOUNTS["CreateAccount"], _WRITE,
              "Enrol a customer", "members"),
    Operation("GET", _MEMBER, _ACCOUNTS["GetAccount"], _READ,
              "Read a member", "members"),
    Operation("GET", f"{_MEMBER}/balance", _ACCOUNTS["GetBalance"], _READ,
              "Read a member's points", "members"),
    Operation("GET", f"{_MEMBER}/entries", _ACCOUNTS["ListLedgerEntries"], _READ,
              "List ledger entries, newest first", "members", query=("page_size", "page_token")),
    Operation("POST", f"{_MEMBER}:adjust", _POINTS["AdjustPoints"], Scope.POINTS_ADJUST,
              "Credit or debit points by hand", "members"),
    Operation("POST", f"{_MEMBER}:earnPoints", _POINTS["EarnPoints"], _WRITE,
              "Earn points for a paid order", "members"),
    Operation("POST", f"{_MEMBER}:activatePoints", _POINTS["ActivatePoints"], _WRITE,
              "Note the delivery that starts an order's return window", "members"),
    Operation("POST", "/v1/programs/{program_id}:simulateEarn", _POINTS["SimulateEarn"], _READ,
              "What would this basket earn?", "programs"),
    Operation("POST", f"{_MEMBER}/reservations", _POINTS["ReservePoints"], _WRITE,
              "Hold points for a purchase", "reservations"),
    Operation("GET", _HOLD, _POINTS["GetReservation"], _READ,
              "Read a reservation", "reservations"),
    Operation("POST", f"{_HOLD}:commit", _POINTS["CommitReservation"], _WRITE,
              "Spend held points", "reservations"),
    Operation("POST", f"{_HOLD}:cancel", _POINTS["CancelReservation"], _WRITE,
              "Give held points back", "reservations"),
)  # fmt: skip
