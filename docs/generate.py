"""Write docs/errors.md and docs/events.md from the code and the protos, or check that they are fresh.

python docs/generate.py            write both
python docs/generate.py --check    exit 1 when one is not what the code says
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
SERVICES = ("loyalty", "returns", "refunds", "gateway", "chassis")
_REASON = re.compile(r"^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$")
_TOPICS = re.compile(r"`([a-z_.]+)`")


@dataclass(frozen=True, order=True)
class Refusal:
    """One reason of one service, with its kind and what its message says."""

    service: str
    reason: str
    kind: str
    says: str


def refusals() -> list[Refusal]:
    """Every reason that any service answers with, found where its AftercareError is made."""
    found: dict[tuple[str, str], Refusal] = {}
    for service in SERVICES:
        trees = [ast.parse(path.read_text()) for path in sorted((ROOT / "services" / service).rglob("*.py"))]
        makers = {"AftercareError": ""} | {name: kind for tree in trees for name, kind in _makers(tree)}
        for tree in trees:
            for refusal in _made(service, tree, makers):
                found.setdefault((service, refusal.reason), refusal)
    return sorted(found.values())


def _makers(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Functions that take a reason as their first argument, with the kind they give it."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef) or not function.args.args:
            continue
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and _name(call) == "AftercareError" and len(call.args) > 1:
                reason = call.args[1]
                if isinstance(reason, ast.Name) and reason.id == function.args.args[0].arg:
                    yield function.name, _kind(call.args[0])


def _made(service: str, tree: ast.Module, makers: dict[str, str]) -> Iterator[Refusal]:
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or _name(call) not in makers:
            continue
        arguments = call.args
        kind = makers[_name(call)]
        if not kind:
            if len(arguments) < 3:
                continue
            kind, arguments = _kind(arguments[0]), arguments[1:]
        if len(arguments) < 2:
            continue
        reason = _text(arguments[0]) or constants.get(getattr(arguments[0], "id", ""), "")
        if _REASON.match(reason):
            yield Refusal(service, reason, kind, _text(arguments[1]))


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _kind(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else ""


def _text(node: ast.expr) -> str:
    """A string, with what an f-string fills in shown as `…`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ""


def errors_page() -> str:
    """docs/errors.md."""
    lines = [
        "# Errors",
        "",
        "Made from the code by `docs/generate.py`. A failure crosses the wire as a gRPC status with one",
        "ErrorInfo, whose `reason` is below; the gateway answers it as problem+json, the reason as `code`.",
        "`…` stands for what is filled in. Retry UNAVAILABLE, DEADLINE_EXCEEDED and ABORTED with the same",
        "idempotency key; the others need another request.",
    ]
    service = ""
    for refusal in refusals():
        if refusal.service != service:
            service = refusal.service
            lines += ["", f"## {service}", "", "| reason | kind | says |", "|---|---|---|"]
        says = refusal.says.replace("|", "\\|")
        lines.append(f'| <a id="{refusal.reason.lower()}"></a>{refusal.reason} | {refusal.kind} | {says} |')
    return "\n".join(lines) + "\n"


def events_page() -> str:
    """docs/events.md."""
    lines = [
        "# Events",
        "",
        "Made from the protos by `docs/generate.py`. Delivery is at least once and unordered; the envelope's",
        "`event_id` tells a repetition, `sequence` orders the events of one aggregate.",
    ]
    for path in sorted((ROOT / "proto" / "aftercare").glob("*/v1/*_events.proto")):
        service = path.parent.parent.name
        lines += ["", f"## {service}", "", "| event | payload | when |", "|---|---|---|"]
        for comment, message in _messages(path.read_text()):
            topics = _TOPICS.findall(comment)
            if topics:
                shown = ", ".join(f"`{topic}`" for topic in topics)
                lines.append(f"| {shown} | {message} | {comment.split(': ', 1)[-1]} |")
    return "\n".join(lines) + "\n"


def _messages(proto: str) -> Iterator[tuple[str, str]]:
    """Top-level messages with the comment above them, folded to one line."""
    comment: list[str] = []
    for line in proto.splitlines():
        if line.startswith("// "):
            comment.append(line[3:])
        elif line.startswith("message "):
            yield " ".join(comment), line.split()[1]
            comment = []
        elif not line.strip():
            comment = []


PAGES = {"errors.md": errors_page, "events.md": events_page}


def main() -> int:
    """Write, or check with `--check`."""
    stale = []
    for name, page in PAGES.items():
        path = ROOT / "docs" / name
        if "--check" in sys.argv[1:]:
            if not path.exists() or path.read_text() != page():
                stale.append(name)
        else:
            path.write_text(page())
    for name in stale:
        sys.stderr.write(f"stale: docs/{name} (run `make docs`)\n")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
