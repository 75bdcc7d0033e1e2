"""RabbitMQ: Debian's server run by the current user, apart from any system service."""

import shutil
from pathlib import Path

from deploy.local.home import Home
from deploy.local.parts.part import Part, Probe
from deploy.local.problems import StackError

# Debian's wrapper in /usr/sbin changes to the system user; the script behind it does not.
SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
CONFIGURATION = """\
loopback_users.guest = true
heartbeat = 20
disk_free_limit.absolute = 50MB
log.console.level = info
"""


def amqp_uri(port: int) -> str:
    """The address that clients are given. The guest account works from this machine only."""
    return f"amqp://guest:guest@127.0.0.1:{port}//"


def rabbit_parts(home: Home, node: str, port: int, dist_port: int, epmd_port: int) -> tuple[Part, Part]:
    """The name resolver and the broker. `node` must stay the same for one home: data is filed under it."""
    epmd = shutil.which("epmd")
    if epmd is None or not SERVER.exists():
        raise StackError(
            "rabbitmq-server is not installed: run `make system`, or set AMQP_URI to a broker of yours"
        )
    resolver = Part(
        name="epmd",
        # Run here in the foreground: left to itself, Erlang starts a daemon that outlives the stack.
        argv=(epmd, "-port", str(epmd_port), "-address", "127.0.0.1"),
        ready=Probe("tcp", f"127.0.0.1:{epmd_port}", timeout_seconds=15),
        port=epmd_port,
        stop_seconds=2,
    )
    return resolver, _broker(home, node, port, dist_port, epmd_port)


def _broker(home: Home, node: str, port: int, dist_port: int, epmd_port: int) -> Part:
    base = home.data / "rabbit"
    configuration = base / "rabbitmq.conf"
    plugins = base / "enabled_plugins"
    nothing = base / "rabbitmq-env.conf"
    return Part(
        name="rabbit",
        argv=(str(SERVER),),
        ready=Probe("amqp", f"127.0.0.1:{port}", timeout_seconds=90),
        needs=("epmd",),
        environment={
            "HOME": str(base),
            "ERL_EPMD_PORT": str(epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"{node}@localhost",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(dist_port),
            "RABBITMQ_MNESIA_BASE": str(base / "mnesia"),
            "RABBITMQ_LOG_BASE": str(base / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": str(base / "pid"),
            "RABBITMQ_CONFIG_FILE": str(configuration),
            "RABBITMQ_CONF_ENV_FILE": str(nothing),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false"
            ),
            # The script then replaces itself by the virtual machine, so signals and the supervisor's death
            # reach the broker itself and not a shell around it.
            "detached": "1",
        },
        folders=(str(base), str(base / "mnesia"), str(base / "log")),
        files={str(configuration): CONFIGURATION, str(plugins): "[].\n", str(nothing): ""},
        port=port,
        stop_seconds=20,
    )
