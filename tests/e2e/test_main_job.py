"""The main job, as `make demo` runs it, against the whole stack."""

import json

import pytest

from deploy.demo.main_job import run
from deploy.local.stack import LocalStack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


def test_main_job_ends_with_every_figure_right(stack: LocalStack, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(stack.state, full=False, as_json=True)

    answer = json.loads(capsys.readouterr().out)
    assert [figure for figure in answer["figures"] if not figure["right"]] == []
    assert answer["main_job"] == "ok"
    assert code == 0
    assert answer["history"]["baskets"] > 12_000
    assert answer["statement"]["unexplained"] == {"minor": 0, "currency": "PLN"}


def test_main_job_run_twice_repeats_nothing(stack: LocalStack, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(stack.state, full=False, as_json=True) == 0

    history = json.loads(capsys.readouterr().out)["history"]
    assert history["orders"] == 0
    assert history["orders_known"] == history["baskets"]
    assert history["earned_orders"] == 0
    assert history["points"] == 0
