"""How the fake carrier signs and spells its webhooks: JSON of our own events."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from services.returns.domain.carrier_errors import BadWebhook
from services.returns.domain.carrier_events import CarrierEvent, CarrierEventCode

HEADER = "X-Fake-Signature"
_SECRET = b"fake-secret"
_TOLERANCE = timedelta(minutes=5)

Push = tuple[dict[str, str], bytes]


def push_of(events: list[CarrierEvent], sent_at: datetime) -> Push:
    body = json.dumps(
        [
            {
                "tracking_no": event.tracking_no,
                "code": event.code,
                "reason": event.reason,
                "occurred_at": event.occurred_at.isoformat(),
                "location": event.location,
                "carrier_pickup_id": event.carrier_pickup_id,
            }
            for event in events
        ]
    ).encode()
    moment = sent_at.isoformat()
    return {HEADER: f"{moment} {_mac(moment, body)}"}, body


def events_of(
    headers: Mapping[str, str], body: bytes, *, carrier: str, now: datetime
) -> tuple[CarrierEvent, ...]:
    value = next((v for name, v in headers.items() if name.lower() == HEADER.lower()), "")
    moment, _, mac = value.partition(" ")
    if not hmac.compare_digest(mac, _mac(moment, body)):
        raise BadWebhook("the signature does not fit")
    if abs(now - datetime.fromisoformat(moment)) > _TOLERANCE:
        raise BadWebhook("too old")
    return tuple(
        CarrierEvent(
            carrier=carrier,
            tracking_no=each["tracking_no"],
            native_code=each["code"],
            code=CarrierEventCode(each["code"]),
            reason=each["reason"],
            occurred_at=datetime.fromisoformat(each["occurred_at"]),
            location=each["location"],
            raw_sha256=hashlib.sha256(body).hexdigest(),
            carrier_pickup_id=each["carrier_pickup_id"],
        )
        for each in json.loads(body)
    )


def _mac(moment: str, body: bytes) -> str:
    return hmac.new(_SECRET, moment.encode() + body, hashlib.sha256).hexdigest()
