"""`earmark models` and the ladder: what was measured is kept by what measured it, and told with its cost."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot import lineage
from bot.cli import train
from bot.cli.app import app
from bot.config import Settings
from bot.errors import ConfigError
from bot.training import ladder as risks
from bot.training import register

PLAIN = {
    "task": "write",
    "model": "small",
    "rung": 1,
    "scores": {"nDCG@5": 0.4},
    "when": {"writer": "extractive"},
}


def settings(**values: object) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[arg-type]


def test_every_row_that_ships_is_whole_and_says_why() -> None:
    rows = lineage.measured()
    assert {r["task"] for r in rows} <= set(register.ORDER)
    for row in rows:
        assert row["measured"] and row["date"] and row["used"] and row["why"] and row["scores"], row["model"]
    used = [r["task"] for r in rows if train.in_use(r, settings())]
    assert sorted(used) == sorted(set(used)), "of each task one model is used"


def test_a_row_is_replaced_by_what_measures_it_anew(tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    register.save([PLAIN, {**PLAIN, "model": "large", "rung": 2}], path)
    register.save([{"task": "write", "model": "small", "scores": {"hit@5": 0.5}}], path)
    small, large = json.loads(path.read_text("utf-8"))
    assert small["scores"] == {"nDCG@5": 0.4, "hit@5": 0.5} and small["when"] == {"writer": "extractive"}
    assert large["model"] == "large"


def test_rows_of_an_evaluation() -> None:
    figures = {"nDCG@5": 0.5321, "hit@5": 0.656, "waste": 0.0, "made": 4.9}
    report = {
        "reader": "R",
        "writer": "W",
        "episodes": ["a", "b"],
        "rows": [
            {"method": "reader alone", "form": "published", "figures": figures},
            {"method": "reader alone", "form": "stripped", "figures": {"nDCG@5": 0.1}},
            {"method": "reader + W", "form": "published", "figures": figures},
            {"method": "TextRank", "form": "published", "figures": figures},
        ],
    }
    read, write = register.of_evaluation(report, date(2026, 11, 24))
    assert (read["task"], read["model"], read["scores"]["nDCG@5"]) == ("read", "R", 0.532)
    assert (write["model"], write["measured"], write["scores"]["made"]) == ("W", "2 held-out episodes", 4.9)


@pytest.mark.parametrize(
    ("values", "used"),
    [
        ({}, "small"),
        ({"writer": "build/large"}, "large"),
        ({"writer": "another"}, None),
    ],
)
def test_what_is_in_use_follows_the_settings(values: dict[str, object], used: str | None) -> None:
    rows = [dict(PLAIN), {**PLAIN, "model": "large", "when": {"writer": "large"}}]
    marked = [{**r, "in_use": train.in_use(r, settings(**values))} for r in rows]
    assert [r["model"] for r in marked if r["in_use"]] == ([used] if used else [])
    named = {name for task, name in train.unmeasured(settings(**values), marked) if task == "write"}
    assert named == (set() if used else {"another"})


def test_the_verb_prints_one_json_or_a_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARMARK_DATA_DIR", str(tmp_path))
    shown = json.loads(CliRunner().invoke(app, ["models", "--json"]).stdout)
    told = CliRunner().invoke(app, ["models"]).stdout
    for row in shown:
        assert f"{'✓' if row['in_use'] else '·'} {row['model']}" in told


def test_a_missing_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(train.VERBS, "distill", "no_such_library_at_all")
    with pytest.raises(ConfigError, match=r'needs no_such_library_at_all: `pip install "earmark\[train\]"`'):
        train.trained("distill")


SURE = [(0.9, True), (0.8, True), (0.7, False), (0.7, True), (0.1, False)]


def test_risk_by_coverage() -> None:
    points = risks.curve(SURE)
    assert [(p.score, p.count, p.risk) for p in points] == [
        (0.9, 1, 0),
        (0.8, 2, 0),
        (0.7, 4, 0.25),
        (0.1, 5, 0.4),
    ]
    assert risks.area(points) < points[-1].risk


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_keeping_all_has_the_risk_of_all(judged: list[tuple[float, bool]]) -> None:
    points = risks.curve(judged)
    assert points[-1].coverage == 1
    assert points[-1].risk == pytest.approx(sum(not right for _, right in judged) / len(judged))
    assert [p.score for p in points] == sorted({s for s, _ in judged}, reverse=True)


def test_a_threshold_is_sure_or_there_is_none() -> None:
    many = [(1 - n / 400, n < 200) for n in range(400)]
    found = risks.threshold(risks.curve(many), 0.1)
    assert (
        found is not None
        and 190 <= found.count <= 215
        and risks.upper(round(found.risk * found.count), found.count) <= 0.1
    )
    assert risks.threshold(risks.curve(SURE), 0.1) is None, "two right ones prove nothing"
    assert risks.upper(0, 29) == pytest.approx(0.098, abs=0.002)
    assert risks.at(SURE, 0.75).risk == 0


def test_the_page_draws_its_curve_as_other_reports_do() -> None:
    """Without the style an SVG path is filled black."""
    judged = [(0.9, True), (0.5, False), (0.2, True)]
    found = {
        "wanted": 0.1,
        "passages": 3,
        "risk of all": 1 / 3,
        "threshold": None,
        "curve": [asdict(p) for p in risks.curve(judged)],
    }
    page = risks.page(found, "<a reader>")
    assert ".axis{" in page and page.count("<svg") == 1 and "<a reader>" not in page
    assert "3 passages, 33% of them wrong; at no score" in page
