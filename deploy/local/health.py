"""Asks every part of a running stack, once and all at the same time, whether it is ready now."""

import asyncio
import json

from deploy.local.home import Home
from deploy.local.parts.part import Part
from deploy.local.plan import Plan
from deploy.local.supervisor.probes import ask


def check_health(home: Home) -> dict[str, str]:
    """What is wrong with each kept part, by name; an empty text is good."""
    plan = Plan.from_json(json.loads(home.plan_file.read_text()))
    kept = [part for part in plan.parts if not part.once]
    return asyncio.run(_ask_all(kept))


async def _ask_all(parts: list[Part]) -> dict[str, str]:
    answers = await asyncio.gather(*(ask(part.ready) for part in parts))
    return {part.name: answer for part, answer in zip(parts, answers, strict=True)}
