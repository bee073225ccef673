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
from bot.read.blocks import blocks, pooled
from bot.read.cues import NAMES, cues
from bot.read.head import KINDS, Head, Scores
from bot.read.reader import CUES_ALONE, TUNED, PassageReader, by_cues, how_many
from bot.read.spans import passages, set_aside

CLAIM = "Because white roofs reflect light, measured street temperatures fell by more than 2 degrees in July."
CHAT = "Yeah, you know, it was like that."
SPONSOR = "This episode is brought to you by our sponsor Acme, sign up at acme dot com for a discount."


class FakeScorer:
    """Scores by cues under another name: what matters is that the reader asks it."""

    name = "fake"

    def scores(self, said: Sequence[Sentence]) -> Scores:
        assert said
        return by_cues(said)


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
    reading = PassageReader(FakeScorer()).read(Transcript(segments=()))
    assert reading.sentences == () and reading.passages == () and reading.set_aside == ()


@pytest.mark.parametrize("texts", [[CLAIM], [CHAT, CLAIM], [CLAIM, CHAT] * 40, [SPONSOR] * 12])
def test_every_reading_is_in_order(texts: list[str]) -> None:
    for reader in (PassageReader(FakeScorer()), PassageReader(None)):
        check(reader.read(spoken(*texts)))


def test_without_a_model_cues_find_the_claim_and_the_advertisement() -> None:
    reader = PassageReader(None)
    reading = reader.read(spoken(*[CHAT] * 12, CLAIM, *[CHAT] * 12, *[SPONSOR] * 4, *[CHAT] * 4))
    assert reading.model == CUES_ALONE
    assert reading.passages[0].quote_at == 12
    assert any(s.kind == "sponsor" and s.first >= 23 and s.last <= 30 for s in reading.set_aside)


def test_a_longer_episode_gives_more_passages() -> None:
    hour = said(*["word " * 16] * 600)
    assert how_many(hour[:10]) == 8 and 12 <= how_many(hour) <= 20


def test_cues_are_one_row_a_sentence_and_finite() -> None:
    table = cues(said(CLAIM, CHAT, SPONSOR, "?", "a"))
    assert table.shape == (5, len(NAMES)) and np.isfinite(table).all()
    column = dict(zip(NAMES, table.T, strict=True))
    assert column["sponsor"][2] > column["sponsor"][0] == 0
    assert column["digit"][0] > 0 and cues([]).shape == (0, len(NAMES))


def test_the_head_runs_as_torch_does(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from bot.read.tuned import features
    from bot.training.reader_net import Net, save

    torch.manual_seed(1)
    sentences = said(CLAIM, CHAT, SPONSOR) * 7
    seen = features(sentences, np.random.default_rng(1).normal(size=(21, 384)).astype(np.float32))
    net = Net(torch.nn.ModuleList(), seen.shape[1] - 384).half().float().eval()
    save(net, tmp_path / "head.safetensors", "test head")
    scores = Head(tmp_path / "head.safetensors").scores(seen)
    with torch.inference_mode():
        x = torch.tanh(net.project(torch.from_numpy(seen)[None]))
        expected = torch.sigmoid(net.out(torch.cat([net.gru(x)[0], x], dim=-1)))[0, :, 0].numpy()
    np.testing.assert_allclose(scores.worth, expected, atol=1e-4)


def test_blocks_hold_whole_sentences_in_order_and_pool_them() -> None:
    packed = blocks([[1] * 5, [], [2] * 300, [3] * 6], start=100, end=101, unknown=99, most=12)
    assert [b.ids[0] for b in packed] == [100] * 3 and all(b.ids[-1] == 101 for b in packed)
    assert [sorted({*b.owner} - {-1}) for b in packed] == [[0, 1], [2], [3]]
    assert len(packed[1].ids) == 130 and packed[0].ids[6] == 99
    hidden = [np.array([[float(i)] for i in b.ids], np.float32) for b in packed]
    assert pooled(hidden, packed, 4)[:, 0].tolist() == [1.0, 99.0, 2.0, 3.0]


def test_a_head_of_other_features_or_none_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="trained on other features"):
        Head(TUNED).scores(np.zeros((3, 7), np.float32))
    broken = tmp_path / "head.safetensors"
    broken.write_bytes(b"not a head")
    with pytest.raises(ModelError, match="can't be read"):
        Head(broken)
    shutil.copy(TUNED, broken)
    assert Head(broken).name.startswith("MiniLM-L6 int8")


def test_scores_by_cues_are_probabilities() -> None:
    scores = by_cues(said(CLAIM, CHAT, SPONSOR))
    assert scores.worth[0] > scores.worth[1] and ((scores.worth >= 0) & (scores.worth <= 1)).all()
