"""The contract between the local stack and the service processes: which variables they are given."""

import json
from collections.abc import Mapping

from deploy.local.identity import Identity
from deploy.local.parts.mongo import mongodb_uri
from deploy.local.parts.rabbit import amqp_uri

TENANT = "demo"
STRIPE_WEBHOOK_PATH = f"/v1/webhooks/{TENANT}/stripe"
COURIER_WEBHOOK_PATH = f"/v1/webhooks/{TENANT}/carriers/kurier"
# Set by the user, each of these takes the place of a local part.
REPLACEABLE: Mapping[str, str] = {"MONGODB_URI": "mongo", "AMQP_URI": "rabbit", "STRIPE_API_KEY": "stripe"}


def service_environment(
    ports: Mapping[str, int], identity: Identity, theirs: Mapping[str, str]
) -> dict[str, str]:
    """What every service process is given; `OPS_PORT` is added for each. `theirs` is the user's own."""
    names = ("loyalty", "returns", "refunds", "gateway")
    at = {name: f"127.0.0.1:{ports[name]}" for name in names}
    environment = {
        "AFTERCARE_MODE": "local",
        "LOG_LEVEL": theirs.get("LOG_LEVEL", "info"),
        "MONGODB_URI": theirs.get("MONGODB_URI") or mongodb_uri(ports["mongo"]),
        "AMQP_URI": theirs.get("AMQP_URI") or amqp_uri(ports["rabbit"]),
        **{f"{name.upper()}_LISTEN": at[name] for name in names},
        **{f"{name.upper()}_ADDRESS": at[name] for name in names if name != "gateway"},
        "COURIER_BASE_URL": f"http://127.0.0.1:{ports['courier']}",
        "COURIER_API_KEY": identity.secrets["courier_api_key"],
        "COURIER_WEBHOOK_SECRET": identity.secrets["courier_webhook_secret"],
        "SMTP_URL": f"smtp://127.0.0.1:{ports['smtp']}",
        "GATEWAY_KEY_PEPPER": identity.secrets["gateway_key_pepper"],
        "GATEWAY_DEV_KEYS": json.dumps(
            {name: {"key": key, "audience": name, "tenant": TENANT} for name, key in identity.keys.items()}
        ),
    }
    return environment | _stripe(ports, identity, theirs)


def _stripe(ports: Mapping[str, int], identity: Identity, theirs: Mapping[str, str]) -> dict[str, str]:
    ours = identity.secrets["stripe_webhook_secret"]
    if key := theirs.get("STRIPE_API_KEY"):
        return {"STRIPE_API_KEY": key, "STRIPE_WEBHOOK_SECRET": theirs.get("STRIPE_WEBHOOK_SECRET", ours)}
    return {
        "STRIPE_API_KEY": identity.secrets["stripe_api_key"],
        "STRIPE_API_BASE": f"http://127.0.0.1:{ports['stripe']}",
        "STRIPE_WEBHOOK_SECRET": ours,
    }
