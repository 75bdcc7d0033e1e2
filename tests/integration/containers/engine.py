"""The Docker engine as these tests use it: by its own command, as an operator would."""

import json
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

IMAGE = "aftercare:local"
_LABEL = "com.docker.compose"


@dataclass(frozen=True)
class Container:
    """One container of a Compose project, as `docker inspect` told."""

    service: str
    identifier: str
    state: dict[str, Any]
    user: str

    @property
    def once(self) -> bool:
        """Whether it is meant to end."""
        return self.service.endswith(("-migrate", "-ready"))

    @property
    def trouble(self) -> str:
        """Empty when it is as it should be, else what it is."""
        status = str(self.state["Status"])
        if self.once:
            exit_code = self.state["ExitCode"]
            return "" if (status, exit_code) == ("exited", 0) else f"{status} ({exit_code})"
        health = str(self.state.get("Health", {}).get("Status", "without a health check"))
        return "" if (status, health) == ("running", "healthy") else f"{status}, {health}"


def docker(*arguments: str, check: bool = True, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run `docker …`."""
    return _run(["docker", *arguments], check=check, timeout=timeout)


def in_image(*argv: str) -> str:
    """What a program of the image prints."""
    return docker("run", "--rm", "--entrypoint", argv[0], IMAGE, *argv[1:]).stdout


def containers(project: str) -> list[Container]:
    """All containers of a project, also those that have ended."""
    listed = docker("ps", "--all", "--quiet", "--filter", f"label={_LABEL}.project={project}").stdout.split()
    if not listed:
        return []
    return [
        Container(
            raw["Config"]["Labels"][f"{_LABEL}.service"], raw["Id"], raw["State"], raw["Config"]["User"]
        )
        for raw in json.loads(docker("inspect", *listed).stdout)
    ]


def until_healthy(project: str, seconds: float) -> None:
    """Wait for every container; raises AssertionError that shows what is wrong with which, and its log."""
    until = time.monotonic() + seconds
    while bad := [each for each in containers(project) if each.trouble]:
        if time.monotonic() > until:
            shown = (f"{each.service} is {each.trouble}\n{_log(each)}" for each in bad)
            raise AssertionError(f"not healthy after {seconds:.0f} s:\n" + "\n".join(shown))
        time.sleep(1)


class Project:
    """One Compose project."""

    def __init__(self, command: str, file: str, name: str, environment: dict[str, str]) -> None:
        self.name = name
        self._argv = [*command.split(), "-f", file, "-p", name]
        self._environment = environment

    def run(self, *arguments: str, timeout: float = 600) -> str:
        """Run a command of Compose. Raises AssertionError with everything it said when it fails."""
        return _run(
            [*self._argv, *arguments], check=True, timeout=timeout, environment=self._environment
        ).stdout

    def port(self, service: str, port: int) -> int:
        """Where a service's port is on this machine."""
        return int(self.run("port", service, str(port)).strip().rpartition(":")[2])


def _log(container: Container) -> str:
    said = docker("logs", "--tail", "15", container.identifier, check=False)
    return said.stdout + said.stderr


def _run(
    argv: Sequence[str], *, check: bool, timeout: float, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(  # noqa: S603 - fixed argument lists
        argv, capture_output=True, text=True, check=False, timeout=timeout, env=environment
    )
    if check and done.returncode:
        raise AssertionError(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done
