"""What the documentation names exists."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted({ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")})
_CODE_PATH = re.compile(r"`((?:services|proto|deploy|tests|docs|benchmarks|requirements)/[\w./-]+)`")
_LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
_MAKE = re.compile(r"`?make ([a-z][a-z-]+)")
# Named as an example of what one would write.
_EXAMPLES = {"services/loyalty/application/use_cases/suspend_account.py"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_and_link_leads_somewhere(page: Path) -> None:
    text = page.read_text()
    paths = {ROOT / name for name in _CODE_PATH.findall(text) if name not in _EXAMPLES}
    links = {(page.parent / link).resolve() for link in _LINK.findall(text)}
    missing = sorted(str(path.relative_to(ROOT)) for path in paths | links if not path.exists())
    assert missing == []


def test_every_make_command_in_the_pages_exists() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {name for page in PAGES for block in _code(page.read_text()) for name in _MAKE.findall(block)}
    assert named - targets == set()


@pytest.mark.parametrize("script", ["docs/generate.py", "proto/generate.py"])
def test_generated_files_are_fresh(script: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, ROOT / script, "--check"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr


def _code(text: str) -> list[str]:
    return re.findall(r"```\n(.*?)```", text, re.DOTALL) + re.findall(r"`(make [^`]+)`", text)
