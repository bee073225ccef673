"""The reader: what it sets aside, where it finds passages, and what holds for every reading."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.domain import Reading, Segment, Sentence, Transcript
from bot.errors import ModelError
from bot.read.cues import NAMES, cues
from bot.read.encoder import DIMENSIONS, Vectors, unit
from bot.read.head import KINDS, Head, Scores, features
from bot.read.reader import CUES_ALONE, HEAD, PassageReader, by_cues, how_many
from bot.read.spans import passages, set_aside

CLAIM = "Because white roofs reflect light, measured street temperatures fell by more than 2 degrees in July."
CHAT = "Yeah, you know, it was like that."
SPONSOR = "This episode is brought to you by our sponsor Acme, sign up at acme dot com for a discount."


class FakeEncoder:
    """Vectors from a hash of the words: equal texts are equal, others are not."""

    name = "fake"
    tokens = 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = []
        for text in texts:
            seed = sum((i + 1) * ord(c) for i, c in enumerate(text)) % 2**32
            rows.append(np.random.default_rng(seed).normal(size=DIMENSIONS))
        return unit(np.array(rows, np.float32).reshape(-1, DIMENSIONS))


def said(*texts: str) -> list[Sentence]:
    return [Sentence(start=float(i), end=i + 1.0, speaker="", text=t) for i, t in enumerate(texts)]


def spoken(*texts: str) -> Transcript:
    return Transcript(
        segments=tuple(Segment(start=float(i), end=i + 1.0, text=t) for i, t in enumerate(texts))
    )


def check(reading: Reading) -> None:
    """What every reading must keep to."""
    n = len(reading.sentences)
    aside = {i for s in reading.set_aside for i in range(s.first, s.last + 1)}
    taken: set[int] = set()
    for p in reading.passages:
        inside = set(range(p.first, p.last + 1))
        assert 0 <= p.first <= p.last < n and 2 <= len(inside) <= 8
        assert 1 <= len(p.evidence) <= 4 and set(p.evidence) <= inside and p.quote_at in p.evidence
        assert not inside & aside and not inside & taken and 0 <= p.score <= 1
        taken |= inside
    scores = [p.score for p in reading.passages]
    assert scores == sorted(scores, reverse=True)


def classes(*kinds: str) -> Scores:
    """Scores that are sure of each sentence's kind ("" is substance)."""
    table = np.full((len(kinds), 1 + len(KINDS)), -8.0, np.float32)
    for i, kind in enumerate(kinds):
        table[i, 1 + KINDS.index(kind) if kind else 0] = -0.01  # type: ignore[arg-type]
    flat = np.full(len(kinds), 0.5, np.float32)
    return Scores(worth=flat, evidence=flat, quote=flat, classes=table)


def test_runs_are_set_aside_and_a_stray_sentence_in_them_too() -> None:
    aside = set_aside(classes(*["intro"] * 3, *[""] * 6, *["sponsor"] * 9, *[""] * 4))
    assert [(s.kind, s.first, s.last) for s in aside] == [("intro", 0, 2), ("sponsor", 9, 17)]
    unsure = classes(*["sponsor"] * 9)
    unsure.classes[4] = np.log(1 / (1 + len(KINDS)))
    assert [(s.first, s.last) for s in set_aside(unsure)] == [(0, 8)]


def test_passages_gather_around_the_worthiest_sentence() -> None:
    sentences = said(*[CHAT] * 10, CLAIM, *[CHAT] * 10)
    scores = classes(*[""] * 21)
    worth = np.full(21, 0.1, np.float32)
    worth[10] = 0.9
    found = passages(replace(scores, worth=worth, evidence=worth), sentences, (), 3)
    assert found[0].quote_at == 10 and found[0].evidence == (10,)


def test_nothing_comes_of_nothing() -> None:
    reading = PassageReader(FakeEncoder()).read(Transcript(segments=()))
    assert reading.sentences == () and reading.passages == () and reading.set_aside == ()


@pytest.mark.parametrize("texts", [[CLAIM], [CHAT, CLAIM], [CLAIM, CHAT] * 40, [SPONSOR] * 12])
def test_every_reading_is_in_order(texts: list[str]) -> None:
    for reader in (PassageReader(FakeEncoder()), PassageReader(FakeEncoder(), Path("no-such-head"))):
        check(reader.read(spoken(*texts)))


def test_without_a_head_cues_find_the_claim_and_the_advertisement(tmp_path: Path) -> None:
    reader = PassageReader(FakeEncoder(), tmp_path / "none.safetensors")
    reading = reader.read(spoken(*[CHAT] * 12, CLAIM, *[CHAT] * 12, *[SPONSOR] * 4, *[CHAT] * 4))
    assert reading.model == CUES_ALONE
    assert reading.passages[0].quote_at == 12
    assert any(s.kind == "sponsor" and s.first >= 23 and s.last <= 30 for s in reading.set_aside)


def test_a_longer_episode_gives_more_passages() -> None:
    hour = said(*["word " * 16] * 600)
    assert how_many(hour[:10]) == 6 and 12 <= how_many(hour) <= 20


def test_cues_are_one_row_a_sentence_and_finite() -> None:
    table = cues(said(CLAIM, CHAT, SPONSOR, "?", "a"))
    assert table.shape == (5, len(NAMES)) and np.isfinite(table).all()
    column = dict(zip(NAMES, table.T, strict=True))
    assert column["sponsor"][2] > column["sponsor"][0] == 0
    assert column["digit"][0] > 0 and cues([]).shape == (0, len(NAMES))


def test_the_head_runs_as_torch_does(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from bot.training.reader import Net, save

    torch.manual_seed(1)
    seen = features(said(CLAIM, CHAT, SPONSOR) * 7, FakeEncoder().encode([CLAIM, CHAT, SPONSOR] * 7))
    net = Net(seen.shape[1]).half().float().eval()
    save([net], tmp_path / "head.safetensors", "test head")
    scores = Head(tmp_path / "head.safetensors").scores(seen)
    with torch.inference_mode():
        expected = torch.sigmoid(net(torch.from_numpy(seen)[None]))[0, :, 0].numpy()
    np.testing.assert_allclose(scores.worth, expected, atol=1e-4)


def test_a_head_of_other_features_or_none_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="trained on other features"):
        Head(HEAD).scores(np.zeros((3, 7), np.float32))
    broken = tmp_path / "head.safetensors"
    broken.write_bytes(b"not a head")
    with pytest.raises(ModelError, match="can't be read"):
        Head(broken)
    shutil.copy(HEAD, broken)
    assert Head(broken).name.startswith("MiniLM-L6 int8")


def test_scores_by_cues_are_probabilities() -> None:
    scores = by_cues(said(CLAIM, CHAT, SPONSOR))
    assert scores.worth[0] > scores.worth[1] and ((scores.worth >= 0) & (scores.worth <= 1)).all()
