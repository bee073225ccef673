"""Borders are learnt: labels from punctuation, a network that numpy runs as torch does, and its figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from bot.read.borders import Borders, word_ids
from bot.training import sentences as training
from bot.training.sentence_marks import UNKNOWN, marked, of_meetings, spellings
from bot.training.sentences import Net, found, loss_of, measured, save, stretches, train


def test_punctuation_becomes_labels() -> None:
    one = marked(['Well, hey - we\'ve launched "Changelog++".', "Is Ann there? I think so..."])
    assert " ".join(one.words) == "well hey we've launched changelog is ann there i think so"
    assert one.marks.tolist() == [1, 1, 0, 0, 2, 0, 0, 3, 0, 0, 2]
    assert one.capitals.tolist() == [UNKNOWN, 0, 0, 0, 1, UNKNOWN, 1, 0, 1, 0, 0]


def test_what_has_no_words_is_no_label() -> None:
    assert len(marked([])) == 0 and len(marked(["...", "–"])) == 0


def test_meetings_lose_their_tags(tmp_path: Path) -> None:
    turns = [{"content": "We 've {disfmarker} met , have n't we ?"}, {"content": "{vocalsound}"}]
    (tmp_path / "train.jsonl").write_text(json.dumps({"meeting_transcripts": turns}) + "\n")
    (meeting,) = of_meetings(tmp_path / "train.jsonl")
    assert meeting.words == ("we've", "met", "haven't", "we")
    assert meeting.marks.tolist() == [0, 1, 0, 3]


def test_spellings_are_those_that_several_episodes_share() -> None:
    stream = ["We use an API on GitHub.", "The API is GitHub's.", "An API, he said, on GitHub."]
    assert spellings([stream, stream, stream]) == "API GitHub"
    assert spellings([stream]) == ""


def test_numpy_runs_what_torch_trained(tmp_path: Path) -> None:
    import torch

    net = Net().half().float().eval()
    save(net, tmp_path / "b.safetensors", "API")
    words = marked(["This is how it goes, and nobody knows what an API is."]).words
    borders = Borders(tmp_path / "b.safetensors")
    # Borders reads the words among padding, as training never does: let torch see the same.
    ids = np.zeros((1, 192 + 64, 3), np.int64)
    ids[0, 32 : 32 + len(words)] = word_ids(words)
    with torch.inference_mode():
        out = net(torch.from_numpy(ids))[0, 32 : 32 + len(words)]
    theirs = out[:, :4].softmax(dim=-1).numpy()
    assert np.allclose(borders.marks(words).after, theirs, atol=1e-4)
    assert borders.spellings == {"api": "API"}


def test_training_learns_where_sentences_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "OWN", 12)
    monkeypatch.setattr(training, "BATCH", 4)
    texts = ["We went home.", "They liked it, too.", "Did you see the roof?", "Nobody came at all."]
    rng = np.random.default_rng(0)
    streams = [marked([texts[i] for i in rng.integers(4, size=150)]) for _ in range(3)]
    train(streams, [], tmp_path / "b.safetensors")
    figures = measured(Borders(tmp_path / "b.safetensors"), streams)
    assert figures["borders"].f1 > 0.95 and figures["questions"].f1 > 0.95


def test_a_stretch_may_lose_fillers_but_no_border(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "NO_FILLERS", 1.0)
    stream = marked(["So um we went uh home.", "Yes, um."])
    (stretch,) = stretches([stream], np.random.default_rng(3))
    assert len(stretch.marks) == 6 and int((stretch.marks == 2).sum()) == 2


def test_loss_ignores_padding() -> None:
    import torch

    torch.manual_seed(0)
    net = Net().eval()
    rng = np.random.default_rng(0)
    long = stretches([marked(["We went home and nobody came at all."] * 5)], rng)
    short = stretches([marked(["We went home and nobody came."] * 2)], rng)
    both, apart = loss_of(net, [*long, *short]), loss_of(net, short)
    assert torch.isfinite(both) and torch.isfinite(apart)


def test_figures_are_of_what_was_told_and_what_is() -> None:
    how = found(np.array([True, True, False]), np.array([True, False, True]))
    assert (how.precision, how.recall, how.f1) == (0.5, 0.5, 0.5)
    none = found(np.zeros(3, bool), np.array([True, False, False]))
    assert (none.precision, none.recall) == (0.0, 0.0)
