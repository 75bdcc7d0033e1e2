"""Turning a process green. The first thing `work` does, before anything else is imported."""

import sys
import warnings

# These keep real locks and sockets when they are loaded first, and then hang; grpc hangs in any order.
_TOO_EARLY = ("pymongo", "amqp", "requests", "urllib3", "stripe")


def go_green() -> None:
    """Patch the standard library for eventlet. Raises RuntimeError when called too late or beside grpc."""
    early = [name for name in _TOO_EARLY if name in sys.modules and "eventlet" not in sys.modules]
    if early:
        raise RuntimeError(f"go_green() must come before the import of {', '.join(early)}")
    refuse_grpc()
    # Known debts (docs/adr): eventlet is in maintenance, nameko imports pkg_resources.
    warnings.filterwarnings("ignore", message=".*Eventlet is deprecated.*", category=DeprecationWarning)
    warnings.filterwarnings("ignore", message=".*pkg_resources is deprecated.*")
    warnings.filterwarnings("ignore", message="(?s).*Eventlet is deprecated.*")
    import eventlet  # noqa: PLC0415 - importing this module must not load eventlet yet

    eventlet.monkey_patch()


def refuse_grpc() -> None:
    """Raise RuntimeError when grpc is loaded: one call of it freezes every green thread."""
    if "grpc" in sys.modules:
        raise RuntimeError(
            "grpc is loaded in a work process, where it freezes all handlers; "
            "import messages (*_pb2), never services (*_pb2_grpc), in handlers"
        )
