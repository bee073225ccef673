"""The gate's check that a text is language: prose passes, loops and shuffled words don't."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from bot.training import fluency
from bot.training.episodes import annotated, is_validation
from bot.write import fluent
from bot.write.ground import problems
from tests.test_distill import GOOD, MORE
from tests.test_write_gate import GIVEN

PROSE = ("White roofs cool streets by 2.4 degrees", GOOD + MORE)
DATA = Path(os.environ.get("EARMARK_TEST_DATA", "")) / "episodes"


def test_prose_is_language() -> None:
    assert fluent.faults(*PROSE) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The way, the one, the same, the way, the one, the same, the way, the one, the people.", "repeats"),
        ("The way, the one, the same, the people, the time, the things, the world, the work.", "hardly says"),
        ("Roofs roofs reflect roofs white roofs white light reflect roofs, says Ann Roy.", "same words"),
        ("White roof paint, street tree shade, thirty year growth, one cheap afternoon.", "no verb"),
        ("Of takes roofs the afternoon an light trees says before because thirty a grow that.", "don't make"),
    ],
)
def test_noise_is_named(text: str, said: str) -> None:
    assert said in "; ".join(fluent.faults("White roofs", text))


@pytest.mark.parametrize("name", sorted(fluency.NOISE.keys() - {"pairs of words shuffled"}))
def test_noise_made_of_prose_is_refused(name: str) -> None:
    made = [fluency.NOISE[name](PROSE, random.Random(seed)) for seed in range(20)]
    refused = sum(bool(fluent.faults(*text)) for text in made)
    assert refused >= (15 if name == "words shuffled" else 19)


def test_empty_texts_are_no_language_and_no_crash() -> None:
    for text in ("", " ", "…", "🙂 🙂", "1000000 " * 30):
        assert fluent.faults("", text)


def test_only_the_strict_gate_asks() -> None:
    """An extractive writer's words are those that were said."""
    looped = {**GIVEN, "text": "Ann Roy says " + "the white roofs cool the street " * 6}
    assert "repeats itself" in " ".join(problems(**looped, strict=True))
    assert "repeats itself" not in " ".join(problems(**looped))


def test_what_is_fitted_is_what_ships_but_for_the_texts() -> None:
    found = fluency.fit([PROSE] * 3)
    kept = json.loads(fluent.KEPT.read_text("utf-8"))
    assert found.keys() == kept.keys() and kept["limits"].keys() == fluent.MEASURED.keys()
    assert all(len(row) == len(fluent.CLASSES) for row in kept["flow"].values())


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the annotated episodes: EARMARK_TEST_DATA")
def test_true_texts_pass_and_noise_does_not() -> None:
    unseen = [e for e in annotated(DATA) if is_validation(e)]
    shares = {name: found["refused"] for name, found in fluency.rows(fluency.texts_of(unseen))}
    assert shares.pop("true") <= 0.03
    assert shares.pop("pairs of words shuffled") > 0.5
    assert all(share > 0.97 for share in shares.values()), shares
