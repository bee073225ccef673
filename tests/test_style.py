"""Style: repetition is seen, variety is not taken for it, and a drift is told only where there is one."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from bot import style
from bot.cli.honest import posted, texts_of
from bot.errors import ConfigError
from tests.fakes import START
from tests.test_commands import core_with_post

WORDS = [f"w{n}" for n in range(400)]


def varied(count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    return [" ".join(chance.choices(WORDS, k=40)) for _ in range(count)]


def uniform(count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    return [
        "It turns out that the real reason is " + " ".join(chance.choices(WORDS, k=33)) for _ in range(count)
    ]


def test_every_measure_rises_with_repetition() -> None:
    loose, tight = style.measure(varied(40, 1)), style.measure(uniform(40, 1))
    for name in style.WATCHED:
        assert getattr(tight, name) > getattr(loose, name), name
    same = style.measure(["One text that is always the same, word for word, and long enough to be " * 3] * 5)
    assert same.self_repetition == same.openings == 1.0 and same.self_bleu > 0.99


def test_measures_of_known_texts() -> None:
    texts = ["a b c d e", "a b c d f", "x y z v w", "a b q r s"]
    assert style.repeated_openings(texts) == 0.75
    assert style.self_repetition(texts) == pytest.approx((0.5 + 0.5 + 0 + 0) / 4)
    assert style.copied("the price of bread", "what is the price of a loaf", 2) == pytest.approx(2 / 3)
    named = ["says mireille b reece psy d", "mireille b reece psy d thinks", "and mireille b reece psy d"]
    assert style.stock_phrases(named) and not style.stock_phrases(named, ["", "Mireille B. Reece, Psy.D."])
    assert style.stock_phrases(["so a b c d"] * 2 + ["then a b c d", "no"]) == (("a b c d", 3),)
    assert style.stock_phrases(
        ["x a speaker on this show y", "a speaker on this show", "z a speaker on this show"]
    ) == (("a speaker on this show", 3),)


def test_no_texts_are_no_trouble() -> None:
    empty = style.measure([])
    assert (empty.texts, empty.compression, empty.self_bleu, empty.stock) == (0, 0.0, 0.0, ())
    assert style.drifted([], fives(varied(50, 1))) == []


def fives(texts: list[str]) -> list[list[str]]:
    """As episodes give them."""
    return [texts[n : n + 5] for n in range(0, len(texts), 5)]


def test_a_drift_to_one_style_is_told_and_chance_is_not() -> None:
    before = fives(varied(120, 2))
    assert style.drifted(before, fives(varied(40, 3))) == []
    told = style.drifted(before, fives(uniform(40, 4)))
    assert any("begin alike" in line for line in told) and any("phrases" in line for line in told)
    assert style.drifted(before, fives(uniform(style.FEWEST - 1, 4))) == []  # too few to say


def own_manner(episode: int) -> list[str]:
    """An episode's texts, which share how they begin and a phrase, as those of one speaker do."""
    chance = random.Random(episode)
    manner = " ".join(chance.choices(WORDS, k=6))
    return [f"{manner} {' '.join(chance.choices(WORDS, k=34))}" for _ in range(5)]


def test_episodes_with_manners_of_their_own_are_no_drift() -> None:
    week, before = [own_manner(n) for n in range(8)], [own_manner(n) for n in range(8, 40)]
    assert style.drifted(before, week) == []
    assert style.drifted([[text] for texts in before for text in texts], week), (
        "as single texts they'd be one"
    )


def test_every_figure_that_is_shown_is_explained() -> None:
    assert [name for name, _ in style.as_rows(style.measure(varied(3, 1)))] == list(style.MEANS)


def test_posted_counts_each_insight_once_within_its_time() -> None:
    core, channel = core_with_post()
    [made] = core.store.digests(channel.id, 1)
    assert [p.insight.id for p in posted(core.store, START)] == [p.insight.id for p in made.picks]
    assert list(posted(core.store, START, until=START)) == []


def test_a_reference_is_lines_or_json_lines(tmp_path: Path) -> None:
    file = tmp_path / "texts"
    file.write_text("one text\n\n" + json.dumps({"text": "another"}) + "\n", encoding="utf-8")
    assert texts_of(file) == ["one text", "another"]
    file.write_text('{"words": 1}', encoding="utf-8")
    for wrong in (file, tmp_path / "none"):
        with pytest.raises(ConfigError, match=r"one a line|can't be read"):
            texts_of(wrong)
