"""The shop's hands: HTTP to the gateway by audience, and to the payment provider and the courier."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Self

import httpx2

from deploy.demo.checks import PATIENCE_SECONDS, StepError
from deploy.local.state import StackState

AUDIENCES = ("shop", "agent", "warehouse", "finance")
STRIPE = "https://api.stripe.com"
SECONDS = 15.0
NOT_NOW = {502, 503, 504}
AGAIN_SECONDS = 0.3


@dataclass
class Gateway:
    """The gateway's HTTP API with one key per audience: shop, agent, warehouse, finance."""

    url: str
    keys: dict[str, str]
    run: str = field(default_factory=lambda: secrets.token_hex(4))
    _client: httpx2.Client = field(init=False)
    retries: int = 0
    _calls: int = 0

    def __post_init__(self) -> None:
        self._client = httpx2.Client(base_url=self.url, timeout=SECONDS)

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def get(self, audience: str, path: str, **query: str) -> Any:  # noqa: ANN401 - JSON
        """Read. Raises StepError with the problem's text when it is refused."""
        request = self._client.build_request("GET", path, params=query, headers=self._headers(audience))
        return self._send(request).json()

    def post(self, audience: str, path: str, body: Any, key: str = "") -> Any:  # noqa: ANN401 - JSON
        """Change. Each call is a new intent unless `key` names it."""
        self._calls += 1
        headers = self._headers(audience) | {"Idempotency-Key": key or f"{self.run}-{self._calls}"}
        return self._send(self._client.build_request("POST", path, json=body, headers=headers)).json()

    def raw(self, audience: str, path: str) -> bytes:
        """A file, such as a label."""
        return self._send(self._client.build_request("GET", path, headers=self._headers(audience))).content

    def _headers(self, audience: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[audience]}", "Aftercare-Channel": "web"}

    def _send(self, request: httpx2.Request) -> httpx2.Response:
        """As a good client does: ask again with the same key while the answer is "not now"."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = self._client.send(request)
            except httpx2.TransportError as error:
                trouble = f"{type(error).__name__}: {error}"
            else:
                if not answer.is_error:
                    return answer
                trouble = f"{answer.status_code}: {answer.text}"
                if answer.status_code not in NOT_NOW and "VERSION_CONFLICT" not in answer.text:
                    break
            if time.monotonic() > give_up:
                break
            self.retries += 1
            time.sleep(AGAIN_SECONDS)
        raise StepError(f"{request.method} {request.url.path} was answered {trouble}")


@dataclass
class Provider:
    """Stripe or its stand-in, as the shop's own checkout uses it."""

    base: str
    key: str
    _client: httpx2.Client = field(init=False)

    def __post_init__(self) -> None:
        self._client = httpx2.Client(base_url=self.base or STRIPE, timeout=SECONDS, auth=(self.key, ""))

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def pay(self, minor: int, currency: str, order_id: str) -> str:
        """A captured PaymentIntent by the provider's test card. Returns its id."""
        form = {
            "amount": str(minor),
            "currency": currency.lower(),
            "confirm": "true",
            "payment_method": "pm_card_visa",
            "payment_method_types[]": "card",
            "metadata[order_id]": order_id,
        }
        intent = self._json(self._client.post("/v1/payment_intents", data=form))
        if intent["status"] != "succeeded":
            raise StepError(f"the payment is {intent['status']}, not succeeded")
        return str(intent["id"])

    def refunds_of(self, intent: str) -> list[dict[str, Any]]:
        """What the provider itself says it sent back for a payment."""
        answer = self._json(self._client.get("/v1/refunds", params={"payment_intent": intent, "limit": 100}))
        return list(answer["data"])

    def undelivered_refund_events(self, refund_id: str) -> list[str]:
        """Types of the refund's events whose webhook nobody has accepted yet."""
        query = {"types[]": "refund.created", "limit": "100"}
        events = self._json(self._client.get("/v1/events", params=query))["data"]
        ours = [event for event in events if event["data"]["object"]["id"] == refund_id]
        if not ours:
            return ["refund.created"]
        return [event["type"] for event in ours if event["pending_webhooks"]]

    def send_events_again(self) -> None:
        """Have the stand-in send its refund events once more, as the button in Stripe's dashboard does."""
        self._json(self._client.post("/_control/redeliver", json={"prefix": "refund."}))

    def _json(self, answer: httpx2.Response) -> dict[str, Any]:
        if answer.is_error:
            raise StepError(f"the payment provider answered {answer.status_code}: {answer.text}")
        body: dict[str, Any] = answer.json()
        return body


@dataclass
class Courier:
    """The courier's scanner, played through the stand-in's controls."""

    base: str
    key: str
    _client: httpx2.Client = field(init=False)

    def __post_init__(self) -> None:
        proof = {"Authorization": f"Bearer {self.key}"}
        self._client = httpx2.Client(base_url=self.base, timeout=SECONDS, headers=proof)

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def scan(self, tracking_number: str, code: str, occurred_at: str = "") -> None:
        """One scan; its webhook is delivered, or given up after some attempts, before this returns."""
        body: dict[str, Any] = {"tracking_no": tracking_number, "code": code, "wait": True}
        self._control("scan", body | ({"occurred_at": occurred_at} if occurred_at else {}))

    def repeat_last(self) -> None:
        """The last webhook once more."""
        self._control("redeliver", {"last": 1, "wait": True})

    def _control(self, name: str, body: dict[str, Any]) -> None:
        answer = self._client.post(f"/_control/{name}", json=body, timeout=PATIENCE_SECONDS)
        if answer.is_error:
            raise StepError(f"the courier stand-in refused {name}: {answer.text}")


@dataclass(frozen=True)
class Shop:
    """All three together; leaving the `with` block closes their connections."""

    gateway: Gateway
    provider: Provider
    courier: Courier

    @classmethod
    def of(cls, state: StackState) -> Self:
        """The shop of a stack that is up."""
        given = state.environment
        return cls(
            Gateway(state.urls["gateway"], {name: state.credentials[name] for name in AUDIENCES}),
            Provider(given.get("STRIPE_API_BASE", ""), given["STRIPE_API_KEY"]),
            Courier(given["COURIER_BASE_URL"], given["COURIER_API_KEY"]),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for hand in (self.gateway, self.provider, self.courier):
            hand.close()
