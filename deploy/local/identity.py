"""What a home keeps for ever: its broker node name and its credentials."""

import json
import secrets
from dataclasses import asdict, dataclass

from deploy.local.home import Home, write_private
from services.gateway.domain.credentials import new_key

AUDIENCES = {"shop": "sk", "agent": "rk", "warehouse": "rk", "finance": "rk"}


@dataclass(frozen=True, slots=True)
class Identity:
    """`node` names the broker, `keys` are the gateway's by audience, `secrets` are between processes."""

    node: str
    keys: dict[str, str]
    secrets: dict[str, str]


def identity_of(home: Home) -> Identity:
    """Read this home's identity, or make it the first time."""
    if home.identity_file.exists():
        return Identity(**json.loads(home.identity_file.read_text()))
    identity = Identity(
        node=f"aftercare-{secrets.token_hex(4)}",
        keys={audience: new_key(kind) for audience, kind in AUDIENCES.items()},
        secrets={
            "stripe_api_key": f"sk_test_{secrets.token_hex(24)}",
            "stripe_webhook_secret": f"whsec_{secrets.token_hex(24)}",
            "courier_api_key": secrets.token_hex(24),
            "courier_webhook_secret": secrets.token_hex(32),
            "gateway_key_pepper": secrets.token_hex(32),
        },
    )
    write_private(home.identity_file, json.dumps(asdict(identity), indent=2))
    return identity
