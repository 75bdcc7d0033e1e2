import pytest

from aftercare.common.v1 import context_pb2
from aftercare.loyalty.v1 import account_service_pb2 as accounts
from aftercare.loyalty.v1 import points_service_pb2 as points
from services.chassis.grpc.validation import RequestReader, is_mutation
from services.chassis.kernel.errors import AftercareError, Kind

CTX = context_pb2.RequestContext(
    tenant_id="shop",
    idempotency_key="k",
    actor=context_pb2.Actor(type=context_pb2.Actor.TYPE_AGENT, id="a"),
)
UNKNOWN = b"\xf8\x3f\x01"  # field 1023, a varint
EARN = RequestReader("EarnPoints", points.EarnPointsRequest.FromString)


def earn() -> points.EarnPointsRequest:
    request = points.EarnPointsRequest(ctx=CTX, account_id="acc_1")
    request.basket.order_id = "ord_1"
    request.basket.place_time.seconds = 1_700_000_000
    line = request.basket.lines.add(line_id="1", sku="tea", quantity=1)
    line.net.minor, line.net.currency = 100, "EUR"
    return request


def refusal(reader: RequestReader, raw: bytes) -> AftercareError:
    with pytest.raises(AftercareError) as caught:
        reader.read(raw)
    assert caught.value.kind is Kind.INVALID_ARGUMENT
    return caught.value


@pytest.mark.parametrize("method", ["EarnPoints", "CreateReturn", "IngestPspWebhook", "Getaway", "Listen"])
def test_mutations_are_told_by_their_verb(method: str) -> None:
    assert is_mutation(method)


@pytest.mark.parametrize(
    "method", ["GetOrder", "ListSlots", "SimulateEarn", "QuoteReturn", "LookupByScan", "VerifyLedger"]
)
def test_reads_are_told_by_their_verb(method: str) -> None:
    assert not is_mutation(method)


def test_a_good_request_is_read() -> None:
    assert EARN.read(earn().SerializeToString()) == earn()


def test_violations_name_the_field_by_its_dotted_path() -> None:
    request = earn()
    request.basket.lines[0].quantity = 0
    request.basket.lines[0].net.currency = "euro"
    request.account_id = ""
    error = refusal(EARN, request.SerializeToString())
    assert error.reason == "INVALID_REQUEST"
    assert {each.field for each in error.violations} == {
        "account_id",
        "basket.lines[0].quantity",
        "basket.lines[0].net.currency",
    }
    assert all(each.description for each in error.violations)


def test_an_empty_request_is_refused_by_its_rules_not_by_a_crash() -> None:
    assert refusal(EARN, b"").reason == "INVALID_REQUEST"


def test_bytes_that_are_no_message_are_refused() -> None:
    assert refusal(EARN, b"\xff\xff\xff").reason == "MALFORMED_REQUEST"


def test_an_unknown_field_is_refused_at_the_top() -> None:
    error = refusal(EARN, earn().SerializeToString() + UNKNOWN)
    assert (error.reason, error.violations[0].field) == ("UNKNOWN_FIELD", "1023")


def test_an_unknown_field_is_refused_deep_inside() -> None:
    request = earn()
    request.basket.lines[0].MergeFromString(UNKNOWN)
    error = refusal(EARN, request.SerializeToString())
    assert (error.reason, error.violations[0].field) == ("UNKNOWN_FIELD", "basket.lines[0].1023")


def test_an_unusual_encoding_of_known_fields_is_read() -> None:
    """Another client may send a field twice, or a default value: the last one counts."""
    raw = earn().SerializeToString()
    assert EARN.read(b"\x12\x05acc_0" + raw) == earn()


def test_a_mutation_needs_a_key() -> None:
    request = earn()
    request.ctx.idempotency_key = ""
    error = refusal(EARN, request.SerializeToString())
    assert error.reason == "MISSING_IDEMPOTENCY_KEY"
    assert error.violations[0].field == "ctx.idempotency_key"


def test_a_read_needs_no_key() -> None:
    request = accounts.GetBalanceRequest(ctx=CTX, account_id="acc_1")
    request.ctx.idempotency_key = ""
    reader = RequestReader("GetBalance", accounts.GetBalanceRequest.FromString)
    assert reader.read(request.SerializeToString()) == request
