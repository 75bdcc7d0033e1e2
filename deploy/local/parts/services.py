"""The processes of the product: one a verb a service, and the migrations that run before them."""

import sys
from collections.abc import Iterator, Mapping

from deploy.local.parts.part import Part, Probe
from deploy.local.ports import OPS_PREFIX

VERBS: Mapping[str, tuple[str, ...]] = {
    "loyalty": ("serve", "work", "relay"),
    "returns": ("serve", "work", "relay"),
    "refunds": ("serve", "work", "relay"),
    "gateway": ("serve", "work"),
}
START_SECONDS = 60.0


def process_names() -> Iterator[str]:
    """Every kept process, such as `loyalty-serve`."""
    for service, verbs in VERBS.items():
        yield from (f"{service}-{verb}" for verb in verbs)


def service_parts(
    ports: Mapping[str, int], environment: Mapping[str, str], infrastructure: tuple[str, ...]
) -> Iterator[Part]:
    """The migrations, each needing the infrastructure, and the processes, each needing its own migration."""
    for service, verbs in VERBS.items():
        migration = f"{service}-migrate"
        yield Part(
            name=migration,
            argv=(sys.executable, "-m", f"services.{service}", "migrate"),
            ready=Probe("exit", timeout_seconds=START_SECONDS),
            needs=infrastructure,
            environment=environment,
        )
        for verb in verbs:
            ops = ports[f"{OPS_PREFIX}{service}-{verb}"]
            yield Part(
                name=f"{service}-{verb}",
                argv=(sys.executable, "-m", f"services.{service}", verb),
                ready=Probe("http", f"http://127.0.0.1:{ops}/readyz", timeout_seconds=START_SECONDS),
                needs=(migration, *infrastructure),
                environment={**environment, "OPS_PORT": str(ops)},
                port=ports[service] if verb == "serve" else ops,
            )
