"""The SDK's client, set up by what was measured (refunds.md 2.5)."""

import requests
import stripe
from requests.adapters import HTTPAdapter

API_VERSION = "2026-10-28.endive"  # webhook endpoints must be made with the same one
_TIMEOUT = (3.05, 20)  # seconds: connect, read; the SDK's own default is 80
_POOL = 16


def build_client(api_key: str, api_base: str | None = None) -> stripe.StripeClient:
    """A client that calls once: retries are the sender's, who knows what a lost answer means.

    `api_base` puts a stand-in in Stripe's place; `config.py` refuses it for a live key.
    """
    stripe.enable_telemetry = False  # it writes to the user's home and adds a header of timings
    session = requests.Session()
    # The transport itself never retries either: urllib3's default is 0, said here so that it stays so.
    session.mount("https://", HTTPAdapter(pool_maxsize=_POOL, max_retries=0))
    session.mount("http://", HTTPAdapter(pool_maxsize=_POOL, max_retries=0))
    session.trust_env = api_base is None  # a stand-in is on this machine: no proxy stands before it
    http_client = stripe.RequestsClient(timeout=_TIMEOUT, session=session)
    return stripe.StripeClient(
        api_key,
        stripe_version=API_VERSION,
        base_addresses={"api": api_base} if api_base else {},
        max_network_retries=0,
        http_client=http_client,
    )
