"""How much of a cousin a model is: measures of known values, limits, reports, and what ships held to fp32."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from bot import config
from bot.errors import ConfigError
from bot.read.reader import TUNED
from bot.training import fidelity, plots
from bot.training import fidelity_reader as readers
from bot.training import fidelity_words as words
from bot.training.asked import Asked, asked_of
from bot.training.cousins import split
from bot.training.episodes import Annotated, annotated, is_validation
from bot.training.fidelity_report import Comparison, Limits, as_html, as_json, broken, rows, verdict
from bot.training.folder import Folder
from bot.weights import Weights
from tests.test_training_writer import SAID, TRUE, episode


class Characters:
    """A tokenizer of one token a character."""

    def get_vocab(self) -> dict[str, int]:
        return {chr(n): n for n in range(128)}

    def __call__(self, text: str, **_: object) -> dict[str, list[int]]:
        return {"input_ids": [ord(c) % 128 for c in text]}

    def decode(self, ids: Sequence[int], **_: object) -> str:
        return "".join(map(chr, ids))


class FakeCousin:
    """Sure of the next character to a degree; writes a text that is given."""

    memory_bytes = 1000

    def __init__(self, name: str, sure: float, text: str) -> None:
        self.name, self._sure, self._text, self.tokenizer = name, sure, text, Characters()

    def told(self, ids: Sequence[int], last: int) -> words.Floats:
        out = np.full((last, 128), (1 - self._sure) / 127, np.float32)
        out[np.arange(last), ids[-last:]] = self._sure
        return np.log(out)

    def written(self, ids: Sequence[int]) -> list[int]:
        return [ord(c) for c in self._text]


GOOD = (
    f"White roofs cool streets by 2.4 degrees\n{TRUE} Trees take thirty years, says Ann Roy, and paint takes \
an afternoon, so that streets can be cooler soon, as streets in Lyon show."
)


def annotated_one() -> Annotated:
    it = episode()
    it.reference["insights"][0]["quote"] = SAID[1][1]
    return it


def asked() -> list[Asked]:
    return asked_of([annotated_one()])


def test_divergence_of_known_distributions() -> None:
    p = np.log(np.array([[0.5, 0.5], [1 - 1e-9, 1e-9]], np.float32))
    q = np.log(np.array([[0.25, 0.75], [0.5, 0.5]], np.float32))
    assert words.divergence(p, q) == pytest.approx(
        [0.5 * np.log(2) + 0.5 * np.log(2 / 3), np.log(2)], abs=1e-4
    )
    assert words.divergence(q, q) == pytest.approx([0, 0])


def test_rank_correlation_shares_the_rank_of_equals() -> None:
    a = np.array([1, 2, 3, 4], np.float32)
    assert readers.rank_correlation(a, a * a) == pytest.approx(1)
    assert readers.rank_correlation(a, -a) == pytest.approx(-1)
    assert readers.rank_correlation(a, np.array([1, 1, 2, 2], np.float32)) == pytest.approx(0.8944, abs=1e-3)


def test_shared_places_within_reach() -> None:
    assert readers.shared([1, 10], [3, 30]) == 0
    assert readers.shared([1, 10], [3, 30], near=2) == 0.5


def test_a_surer_cousin_loses_less_and_diverges() -> None:
    a, b = FakeCousin("a", 0.9, GOOD), FakeCousin("b", 0.5, "No.")
    forced = list(words.told(a, b, asked()))
    made = [words.written(model, asked()) for model in (a, b)]
    found = words.figures(a, b, forced, made)
    assert found["held-out loss A"] == pytest.approx(-np.log(0.9), abs=1e-3)
    assert found["held-out loss B"] == pytest.approx(-np.log(0.5), abs=1e-3)
    assert found["KL, nats a token"] == pytest.approx(0.9 * np.log(1.8) + 0.1 * np.log(0.2), abs=1e-3)
    assert found["same likeliest token"] == 1
    assert found["equal outputs"] == 0
    assert (found["passes the gate A"], found["passes the gate B"]) == (1, 0), asked()[0].refused(
        *GOOD.split("\n")
    )


def test_models_that_cut_text_otherwise_are_refused() -> None:
    a, b = FakeCousin("a", 0.9, ""), FakeCousin("b", 0.5, "")
    b.tokenizer.get_vocab = lambda: {"a": 1}  # type: ignore[method-assign]
    with pytest.raises(ConfigError, match="different tokens"):
        list(words.told(a, b, asked()))


def test_texts_are_spread_over_all_and_stay_the_same() -> None:
    three = [annotated_one() for _ in range(3)]
    assert len(asked_of(three)) == 3 and len(asked_of(three, 2)) == 2
    assert [a.pair for a in asked_of(three, 1)] == [asked()[0].pair]


def comparison(**figures: float) -> Comparison:
    known = {
        "KL, nats a token": 0.02,
        "same likeliest token": 0.97,
        "held-out loss A": 2.5,
        "held-out loss B": 2.6,
        "memory, MB A": 400.0,
        "memory, MB B": 100.0,
    }
    return Comparison(
        kind="words", a="big", b="small <b>", date="2026-11-24", passages=3, figures={**known, **figures}
    )


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        (Limits(), []),
        (Limits(max_kl=0.03, min_agreement=0.9), []),
        (Limits(max_kl=0.01), ["KL"]),
        (Limits(min_agreement=0.98), ["same"]),
        (Limits(max_kl=0.01, min_agreement=0.98), ["KL", "same"]),
    ],
)
def test_limits(limits: Limits, what: list[str]) -> None:
    found = broken("words", comparison().figures, limits)
    assert [line.split()[0].rstrip(",") for line in found] == what


def test_a_report_is_one_page_without_script_and_the_same_as_json() -> None:
    it = comparison()
    drawn = [
        plots.scatter("Loss", [(1, 2), (2, 2.5)], "a", "b"),
        plots.histogram("One value only", [3.0, 3.0], "x"),
        plots.lines("Curve", {"one": [(0, 0), (1, 1)], "two": [(0, 1), (1, 0)]}, "x", "y"),
    ]
    page = as_html(it, drawn)
    assert "<script" not in page and "small <b>" not in page and "small &lt;b&gt;" in page
    for svg in drawn:
        ET.fromstring(svg)
    assert page.count("<svg") == 3
    kept = json.loads(as_json(it))
    assert kept["verdict"] == verdict(it) and "0.25 × the memory" in kept["verdict"]
    assert ("held-out loss", "2.5", "2.6") in list(rows(it.figures))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("smollm2", ("smollm2", "fp32")),
        ("reader:int8", ("reader", "int8")),
        ("a/b:int8", ("a/b", "int8")),
        ("C:/x", ("C:/x", "fp32")),
    ],
)
def test_a_model_is_named_with_how_it_runs(name: str, found: tuple[str, str]) -> None:
    assert split(name) == found


def test_what_can_not_be_compared_is_said(tmp_path: Path) -> None:
    weights = Weights(tmp_path)
    with pytest.raises(ConfigError, match="fp32 or int8"):
        split("reader:int3")
    order = fidelity.Order(a="reader", b="smollm2", folder=tmp_path)
    with pytest.raises(ConfigError, match="can't be compared"):
        fidelity.compared(order, weights, date(2026, 11, 24))


@pytest.mark.model
@pytest.mark.data
def test_the_reader_that_ships_keeps_to_its_fp32(data_dir: Path) -> None:
    weights = Weights(config.load().cache_dir / "weights")
    unseen = [e for e in annotated(data_dir / "episodes") if is_validation(e)]
    short = tuple(sorted(unseen, key=lambda e: len(e.transcript.segments))[:3])
    order = fidelity.Order(a="reader:fp32", b="reader:int8", folder=data_dir)
    found, _ = fidelity.of_readers(order, weights, Folder(episodes=short, left_out=()).episodes)
    assert TUNED.is_file()
    assert found.figures["rank correlation of scores"] > 0.998
    assert found.figures["same five, within 2 sentences"] >= 0.8
    assert abs(found.figures["nDCG@5 A"] - found.figures["nDCG@5 B"]) < 0.05
