"""Tuning: the search finds what is better within its budget, and never replaces a better prompt."""

from __future__ import annotations

import json
import random
from datetime import date
from pathlib import Path

import pytest

from bot.config import Settings
from bot.errors import ConfigError
from bot.prompts import prompt
from bot.training import tune
from bot.training.tune_models import Model
from bot.training.tune_search import Split, Trial, affordable, filled, search, trials, worded
from bot.training.tune_write import WRITE, Passage, of_length, overlap
from bot.weights import Weights
from bot.write.gen_input import VARIABLES
from tests.test_distill import GOOD, MORE, asked

TODAY = date(2026, 11, 24)
RIGHT = f"White roofs cool streets by 2.4 degrees\n{GOOD}{MORE}"


class FakeModel:
    """Answers well where the prompt has a word, and counts what it is asked."""

    def __init__(self, word: str) -> None:
        self.word, self.drawn, self.asked = word, 0, list[str]()

    def __call__(self, given: str, n: int, trial: Trial) -> list[str]:
        self.drawn += n
        self.asked.append(given)
        return [RIGHT if self.word in given else "Sorry."] * n


def passages(n: int = 6) -> list[Passage]:
    return [Passage(asked(i)) for i in range(n)]


def trial(text: str, temperature: float = 0.6) -> Trial:
    return Trial(text=text, temperature=temperature, top_p=0.95)


def test_trials_differ_and_are_prompts() -> None:
    found = trials(WRITE, passages(3), 1)
    assert len(found) == 72 == len({(t.text, t.temperature) for t in found})
    for one in found:
        assert RIGHT.split("\n")[1] in filled(WRITE, one, passages()[0]) or "Answer" not in one.text


def test_dollars_of_examples_name_no_variable() -> None:
    costly = Passage(asked(1, passage="It costs $5 a $month."))
    text = worded(WRITE.instructions[0], WRITE.layouts[0], [costly])
    assert "It costs $5 a $month." in filled(WRITE, trial(text), passages()[0])


def test_the_search_finds_the_one_that_works_within_its_budget() -> None:
    found = [trial(f"{n} $show $about $passage" + " please" * (n == 11)) for n in range(16)]
    random.Random(3).shuffle(found)
    model = FakeModel("please")
    best, score = search(WRITE, found, passages(), model, 160)[0]
    assert "please" in best.text and list(score.right.values()) == [1]
    assert 100 <= model.drawn <= 160


@pytest.mark.parametrize("budget", [4, 30, 200])
def test_a_small_budget_tries_fewer(budget: int) -> None:
    found = affordable(WRITE, trials(WRITE, passages(3), 1), budget)
    model = FakeModel("nothing")
    search(WRITE, found, passages(), model, budget)
    assert len(found) >= 2 and model.drawn <= max(budget, 4)


def test_fewer_faults_are_better_and_none_is_best() -> None:
    one = passages()[0]
    false = RIGHT.replace("2.4", "7.4")
    right, bad, worse = (one.marked(t) for t in (RIGHT, false, f"{false} Ask @everyone in Rome."))
    assert right.points > bad.points > worse.points
    assert [m.right for m in (right, bad, worse)] == [True, False, False]


def test_noise_of_the_right_length_has_no_points() -> None:
    noise = "The way, the one\n" + "The way, the same, the one, the way, the people, " * 5
    mark = passages()[0].marked(noise)
    assert (mark.points, mark.right) == (0.0, False)


def test_likeness_and_length_tell_two_answers_apart_that_pass() -> None:
    assert overlap("White roofs cool streets", "Streets are cooled by a white roof") == 1
    assert overlap("White roofs", "Nine sharks") == 0
    assert [of_length(n) for n in (0, 35, 65, 130, 200)] == [0, 1, 1, 0, 0]


def test_what_is_written_is_found_by_its_model_with_its_note(tmp_path: Path) -> None:
    (tmp_path / "write").mkdir()
    (tmp_path / "write" / "default.md").write_text("$show $about $passage", "utf-8")
    order = tune.Order(task="write", model="x", folder=tmp_path, prompts=tmp_path)
    better = trial("Tell $show, $about: $passage")
    path = tune.keep(order, "Smol-135M", better, {"hash": better.hash})
    found = prompt("write", "org/Smol-135M", VARIABLES, tmp_path)
    assert (found.text, found.hash) == (better.text, better.hash)
    assert json.loads(path.with_suffix(".json").read_text("utf-8"))["hash"] == better.hash


def test_what_is_no_task_or_model_is_said(tmp_path: Path) -> None:
    for task, model, said in (
        ("sing", "smollm2", "no task “sing” .* there is write and answer"),
        ("write", "nowhere", "is no folder .* nor a name on the hub"),
        ("answer", "endpoint", "EARMARK_LLM_URL and EARMARK_LLM_MODEL must say"),
    ):
        order = tune.Order(task=task, model=model, folder=tmp_path)
        with pytest.raises(ConfigError, match=said):
            run(order)


def test_a_folder_with_nothing_unseen_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tune, "named", lambda *_: Model(name="m", family="m", draw=FakeModel("x")))
    monkeypatch.setattr(tune, "load", lambda *_, **__: type("F", (), {"episodes": ()})())
    with pytest.raises(ConfigError, match="nothing unseen"):
        run(tune.Order(task="write", model="m", folder=tmp_path))


def run(order: tune.Order) -> str:
    return tune.run(order, Settings(_env_file=None), Weights(order.folder), TODAY)


@pytest.mark.parametrize(("word", "writes"), [("Sum up", True), ("From Go Time", False)])
def test_a_worse_prompt_is_never_written(tmp_path: Path, word: str, writes: bool) -> None:
    """The prompt in use opens “From $show”; a file is written only where another one wins."""
    (tmp_path / "write").mkdir()
    (tmp_path / "write" / "default.md").write_text("From $show, about $about.\n\n$passage", "utf-8")
    order = tune.Order(task="write", model="m", folder=tmp_path, prompts=tmp_path, budget=400)
    parts = Split(dev=passages(), unseen=passages(), examples=[])
    said = tune.tuned(order, WRITE, Model(name="m", family="m", draw=FakeModel(word)), parts, TODAY)
    assert (tmp_path / "write" / "m.md").is_file() is writes
    assert ("Written to" in said) is writes and ("nothing is written" in said) is not writes
