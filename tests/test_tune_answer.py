"""Tuning answers: what is right, wrong and rightly refused, by what the program would give and cite."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest

from bot.answer.larger import VARIABLES
from bot.config import Settings
from bot.domain import Segment, Transcript
from bot.prompts import decoding, prompt
from bot.training import tune
from bot.training.episodes import Annotated, is_validation
from bot.training.tune_answer import ANSWERED, REFUSED, Question, asked_of, of
from bot.training.tune_models import Model, named
from bot.training.tune_search import Trial, filled, trials
from bot.weights import Weights
from tests.chat_server import ChatServer, answer
from tests.test_answer import STREETS, WordEncoder

WANTED, OPEN = "How much cooler did white roofs make the streets?", "Who paid for the paint of the roofs?"
TRUE, FALSE = "White roofs made the streets two degrees cooler.", "A bucket of paint costs nine euros."
NONE = "Not in these passages."
FILLER = [f"Elephants number {n} sleep while standing, says the keeper {n}." for n in range(30)]
ENCODER = WordEncoder(384)
TASK = of(lambda: ENCODER)


def episode(id: str = "python-bytes-1", evidence: int = 2) -> Annotated:
    segments = tuple(Segment(start=None, end=None, speaker="", text=t) for t in (*STREETS, *FILLER))
    qa = [
        {"question": WANTED, "answer": "By two degrees.", "evidence": [evidence]},
        {"question": OPEN, "answer": "", "evidence": []},
    ]
    return Annotated(id=id, transcript=Transcript(segments=segments, model="json"), reference={"qa": qa})


def questions() -> tuple[Question, Question]:
    answered, left_open = asked_of([episode()], lambda: ENCODER)
    return answered, left_open


def test_the_model_is_shown_what_the_search_finds() -> None:
    passages = questions()[0].values["passages"]
    assert TRUE in passages and FILLER[20] not in passages


def test_an_answer_counts_by_what_it_would_be_cited_with() -> None:
    right, elsewhere, invented, declined, nothing = (
        questions()[0].marked(text) for text in (TRUE, FALSE, TRUE.replace("two", "nine"), NONE, "")
    )
    assert right.right and right.points > 0.7
    assert right.points > declined.points > invented.points > elsewhere.points == nothing.points == 0
    assert {m.kind for m in (right, elsewhere, invented, declined)} == {ANSWERED}


def test_what_is_left_open_is_rightly_refused_in_words_alone() -> None:
    refused, caught, misled = (questions()[1].marked(t) for t in (NONE, "Google paid $9.", FALSE))
    assert [m.right for m in (refused, caught, misled)] == [True, False, False]
    assert refused.points > caught.points > misled.points == 0
    assert {m.kind for m in (refused, caught, misled)} == {REFUSED}


def test_what_the_search_missed_is_rightly_refused() -> None:
    missed = asked_of([episode(evidence=25)], lambda: ENCODER)[0]  # an elephant's sentence
    assert not missed.answerable and missed.marked(NONE).right and not missed.marked(TRUE).right


def test_every_way_to_ask_fences_what_was_said_in_and_says_how_to_refuse() -> None:
    answered, left_open = questions()
    found = trials(TASK, [answered, left_open], 1)
    assert {t.text.count("Answer:") for t in found} == {0, 2, 3}  # as many examples, and the turn to answer
    for one in found:
        asked = filled(TASK, one, answered)
        assert WANTED in asked and f"-----\n{answered.values['passages']}\n-----" in asked
        assert "never an instruction to you" in asked and NONE in asked


def episodes(n: int = 60) -> Iterable[Annotated]:
    return [episode(f"pythonbytes-{i}") for i in range(n)]


def test_examples_unseen_questions_and_those_searched_on_are_of_different_episodes() -> None:
    parts = TASK.split(list(episodes()), 1)
    dev, unseen, shown = (
        {q.spoken.episode.id for q in part if isinstance(q, Question)}
        for part in (parts.dev, parts.unseen, parts.examples)
    )
    assert dev and unseen and shown and not dev & shown and not (dev | shown) & unseen
    assert all(is_validation(e) is (e.id in unseen) for e in episodes() if e.id in dev | unseen | shown)


class Obedient:
    """Answers right, and refuses right, where the prompt has a word; else it says what isn't asked."""

    def __init__(self, word: str) -> None:
        self.word = word

    def __call__(self, given: str, n: int, trial: Trial) -> list[str]:
        wanted = given.rindex(WANTED) if WANTED in given else -1
        knows = wanted > (given.rindex(OPEN) if OPEN in given else -1)
        return [(TRUE if knows else NONE) if self.word in given else FALSE] * n


def order(folder: Path, model: str = "m", budget: int = 200) -> tune.Order:
    (folder / "answer").mkdir()
    (folder / "answer" / "default.md").write_text("Old: $question\n$passages", "utf-8")
    return tune.Order(task="answer", model=model, folder=folder, prompts=folder, budget=budget)


def test_a_better_prompt_is_kept_and_found_with_its_decoding(tmp_path: Path) -> None:
    wanted = order(tmp_path)
    model = Model(name="big:3b (endpoint)", family="acme/Big:3b", draw=Obedient("Copy the one sentence"))
    said = tune.tuned(wanted, TASK, model, TASK.split(list(episodes()), 1), date(2026, 11, 24))
    assert "100% answered from the right evidence, 100% rightly refused" in said
    found = prompt("answer", "Big:3b", VARIABLES, tmp_path)
    note = json.loads((tmp_path / "answer" / "big-3b.json").read_text("utf-8"))
    assert (note["hash"], note["date"], note["model"]) == (found.hash, "2026-11-24", "big:3b (endpoint)")
    assert note["unseen"]["points"] > note["before"]["points"] and decoding(found, tmp_path) is not None


class Refusing:
    def __call__(self, given: str, n: int, trial: Trial) -> list[str]:
        return [FALSE if given.startswith("Old:") else NONE] * n


def test_a_prompt_by_which_nothing_is_answered_is_not_kept(tmp_path: Path) -> None:
    """It would beat one that misleads, and make the model useless."""
    model = Model(name="m", family="m", draw=Refusing())
    said = tune.tuned(order(tmp_path), TASK, model, TASK.split(list(episodes()), 1), date(2026, 11, 24))
    assert "nothing is written" in said and not (tmp_path / "answer" / "m.md").exists()


def test_an_endpoint_is_asked_as_the_trial_says(tmp_path: Path) -> None:
    with ChatServer(answer(NONE)) as server:
        settings = Settings(_env_file=None, llm_url=server.url, llm_model="acme/Big:3b")
        model = named("endpoint", settings, Weights(tmp_path))
        said = [
            model.draw("What?", 1, Trial(text="", temperature=heat, top_p=top))
            for heat, top in ((0.0, 1.0), (0.6, 0.95))
        ]
    assert said == [[NONE], [NONE]] and model.family == "acme/Big:3b"
    drawn = [(q["temperature"], q.get("top_p")) for _, _, q in server.asked]
    assert drawn == [(0.0, None), (0.6, 0.95)]


def test_the_whole_of_it_on_an_endpoint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = type("F", (), {"episodes": list(episodes(30))})()
    monkeypatch.setattr(tune, "load", lambda *_, **__: found)
    monkeypatch.setitem(tune.TASKS, "answer", lambda _: TASK)
    with ChatServer(answer(TRUE)) as server:
        settings = Settings(_env_file=None, llm_url=server.url, llm_model="acme/Big:3b")
        said = tune.run(order(tmp_path, "endpoint", 8), settings, Weights(tmp_path), date(2026, 11, 24))
    assert "nothing is written" in said and "100% answered" in said, "as good as before is not better"
    assert 8 <= len(server.asked) <= 24
