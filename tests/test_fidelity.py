"""How much of a cousin a model is: measures of known values, limits, reports, and what ships held to fp32."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import config
from bot.domain import Segment, Transcript
from bot.errors import ConfigError
from bot.read.encoder import Vectors, unit
from bot.read.reader import TUNED
from bot.training import fidelity, plots
from bot.training import fidelity_encoder as encoders
from bot.training import fidelity_reader as readers
from bot.training import fidelity_speech as speech
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
    with pytest.raises(ConfigError, match=r"no audio with what is said in it"):
        speech.files_of(tmp_path, 0)
    order = fidelity.Order(a="reader", b="smollm2", folder=tmp_path)
    with pytest.raises(ConfigError, match="can't be compared"):
        fidelity.compared(order, weights, date(2026, 11, 24))


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=8))
def test_edits_are_a_distance(a: list[str], b: list[str]) -> None:
    assert speech.edits(a, b) == speech.edits(b, a) == _levenshtein(tuple(a), tuple(b))


def _levenshtein(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    if not (a and b):
        return len(a) + len(b)
    changed = _levenshtein(a[1:], b[1:]) + (a[0] != b[0])
    return changed if a[0] == b[0] else min(changed, 1 + _levenshtein(a[1:], b), 1 + _levenshtein(a, b[1:]))


class Hearing:
    """Hears what it is told of each file; `model` is its name."""

    def __init__(self, name: str, said: Mapping[str, str]) -> None:
        self._name, self._said = name, said

    def transcribe_file(self, path: Path, language: str = "") -> Transcript:
        text = self._said.get(path.name, "")
        return Transcript(segments=(Segment(start=0, end=1, text=text),), model=self._name, duration_s=2.0)


def test_engines_are_held_to_one_another_and_to_what_was_said(tmp_path: Path) -> None:
    for name, said in (("a.mp3", "White roofs cool streets."), ("b.wav", "Twenty trees!")):
        (tmp_path / name).write_bytes(b"")
        (tmp_path / f"{name}.ref.txt").write_text(said, "utf-8")
    (tmp_path / "untold.mp3").write_bytes(b"")
    files = speech.files_of(tmp_path, 0)
    assert [f.name for f in files] == ["a.mp3", "b.wav"] and speech.files_of(tmp_path, 1) == files[:1]
    right = {"a.mp3": "white roofs cool streets", "b.wav": "20 trees"}
    a = speech.heard(lambda _: Hearing("A", right), files)
    b = speech.heard(lambda _: Hearing("B", {**right, "a.mp3": "white rooms cool"}), files)
    found = speech.figures(a, b, files)
    assert (found["word errors A"], found["word errors B"]) == (0, pytest.approx(2 / 6))
    assert found["words the same"] == pytest.approx(4 / 6) and found["files with equal words"] == 0.5
    assert found["seconds of audio"] == 4
    made = Comparison(kind="whisper", a="A", b="B", date="2026-11-24", passages=2, figures=found)
    assert "66.7% of the words the same, word errors 0.000 → 0.333" in verdict(made)
    assert broken("whisper", found, Limits(min_agreement=0.9))


def test_an_encoder_with_noise_has_other_neighbours() -> None:
    chance = np.random.default_rng(1)
    exact = unit(chance.normal(size=(60, 16)).astype(np.float32))
    near = unit(exact + 0.02 * chance.normal(size=exact.shape).astype(np.float32))
    far = unit(exact + 2.0 * chance.normal(size=exact.shape).astype(np.float32))

    def of(vectors: Vectors) -> encoders.Encoded:
        return encoders.Encoded(name="e", vectors=vectors, seconds=1.0, memory_bytes=1)

    same, less = (encoders.figures(of(exact), of(v)) for v in (near, far))
    assert same["same nearest sentence"] > 0.9 > 0.5 > less["same nearest sentence"]
    assert same["cosine of a sentence's two vectors"] > 0.99
    assert same["rank correlation of likenesses"] > less["rank correlation of likenesses"]


@pytest.mark.model
@pytest.mark.data
def test_the_encoder_that_ships_keeps_to_its_fp32(data_dir: Path, tmp_path: Path) -> None:
    order = fidelity.Order(
        a="minilm:fp32", b="minilm:int8", folder=data_dir / "episodes", texts=300,
        limits=Limits(min_agreement=0.85),
    )  # fmt: skip
    weights = Weights(config.load().cache_dir / "weights")
    said, not_kept = fidelity.run(order, weights, date(2026, 11, 24), tmp_path / "report.html")
    assert not not_kept, said
    assert (tmp_path / "report.json").is_file()


@pytest.mark.model
@pytest.mark.data
# openai-whisper leaves its vocabulary's file open.
@pytest.mark.filterwarnings("ignore:unclosed file.*whisper:ResourceWarning")
@pytest.mark.filterwarnings("ignore:.*whisper:pytest.PytestUnraisableExceptionWarning")
def test_the_speech_engine_that_ships_keeps_to_the_reference(data_dir: Path, tmp_path: Path) -> None:
    for name in ("jfk_en.mp3", "austen_0870_en.wav", "austen_0880_en.wav", "austen_0890_en.wav"):
        for file in (name, f"{name}.ref.txt"):
            (tmp_path / file).symlink_to(data_dir / "audio" / file)
    limits = Limits(min_agreement=0.9)
    order = fidelity.Order(a="whisper:fp32", b="whisper:int8", folder=tmp_path, limits=limits)
    weights = Weights(config.load().cache_dir / "weights")
    said, not_kept = fidelity.run(order, weights, date(2026, 11, 24), None)
    assert not not_kept, said


@pytest.mark.model
@pytest.mark.data
def test_the_reader_that_ships_keeps_to_its_fp32(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = Weights(config.load().cache_dir / "weights")
    unseen = [e for e in annotated(data_dir / "episodes") if is_validation(e)]
    short = tuple(sorted(unseen, key=lambda e: len(e.transcript.segments))[:3])
    order = fidelity.Order(a="reader:fp32", b="reader:int8", folder=data_dir)
    monkeypatch.setattr(fidelity, "load", lambda _: Folder(episodes=short, left_out=()))
    found, _ = fidelity.of_readers(order, weights)
    assert TUNED.is_file()
    assert found.figures["rank correlation of scores"] > 0.998
    assert found.figures["same five, within 2 sentences"] >= 0.8
    assert abs(found.figures["nDCG@5 A"] - found.figures["nDCG@5 B"]) < 0.05
