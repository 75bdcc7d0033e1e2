"""The outside world in small: Stripe, a courier and a mail server, each a process of its own."""

import sys
from collections.abc import Mapping

from deploy.local.identity import Identity
from deploy.local.parts.part import Part, Probe


def stripe_part(ports: Mapping[str, int], identity: Identity, webhook: str) -> Part:
    """The payment provider, which the real SDK talks to."""
    secret = identity.secrets["stripe_webhook_secret"]
    return _part("stripe", ports["stripe"], "--webhook", webhook, "--webhook-secret", secret)


def courier_part(ports: Mapping[str, int], identity: Identity, webhook: str) -> Part:
    """The courier with its own API and signed webhooks."""
    secret, key = identity.secrets["courier_webhook_secret"], identity.secrets["courier_api_key"]
    return _part(
        "courier", ports["courier"], "--webhook", webhook, "--webhook-secret", secret, "--api-key", key
    )


def mail_part(ports: Mapping[str, int]) -> Part:
    """The mail sink: takes everything by SMTP, shows it by HTTP."""
    argv = ("--smtp-port", str(ports["smtp"]), "--http-port", str(ports["mail"]))
    return Part(
        name="mail",
        argv=(sys.executable, "-m", "deploy.standins.mail", *argv),
        ready=Probe("http", f"http://127.0.0.1:{ports['mail']}/healthz", timeout_seconds=30),
        port=ports["mail"],
        stop_seconds=3,
    )


def _part(name: str, port: int, *options: str) -> Part:
    return Part(
        name=name,
        argv=(sys.executable, "-m", f"deploy.standins.{name}", "--port", str(port), *options),
        ready=Probe("http", f"http://127.0.0.1:{port}/healthz", timeout_seconds=30),
        port=port,
        stop_seconds=3,
    )
