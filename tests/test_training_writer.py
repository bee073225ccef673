"""What the generative writer learns from, and that adapters learn what merging keeps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bot.domain import Segment, Transcript
from bot.training.episodes import Annotated
from bot.training.lora import HalfTuned, merge
from bot.training.writer import Course, Example, order, pace
from bot.training.writer_pairs import curated, missing, pairs

SAID = (
    ("Ann Roy", "We measured streets in Lyon, and Lyon was hot, as Paris was."),
    (
        "Ann Roy",
        "Streets with white roofs were 2.4 degrees cooler than the others, because roofs reflect light.",
    ),
    ("Bob Lee", "And I liked it in Lyon and in Paris."),
    ("Ann Roy", "A tree takes thirty years to grow, and paint takes an afternoon."),
)
TRUE = (
    "Streets with white roofs were 2.4 degrees cooler than others, says Ann Roy, because roofs reflect light."
)


def episode(text: str = TRUE, headline: str = "White roofs cool streets by 2.4 degrees") -> Annotated:
    segments = tuple(Segment(start=None, end=None, speaker=s, text=t) for s, t in SAID)
    insight = {"rank": 1, "headline": headline, "text": text, "evidence": [1, 3], "kind": "claim"}
    return Annotated(
        id="go-time-1", transcript=Transcript(segments=segments), reference={"insights": [insight]}
    )


def alike(texts: Sequence[str]) -> np.ndarray[Any, Any]:
    return np.ones((len(texts), 1), np.float32)


def unlike(texts: Sequence[str]) -> np.ndarray[Any, Any]:
    return np.zeros((len(texts), 1), np.float32)


def test_guises_of_a_pair() -> None:
    plain, wide, anonymous = (next(pairs(episode(), v)) for v in ("plain", "wide", "anonymous"))
    assert plain.passage.startswith("Ann Roy: Streets") and plain.show == "Go Time"
    assert "measured streets" in wide.passage and "measured streets" not in plain.passage
    assert "Ann Roy" not in anonymous.passage + anonymous.text and "says a speaker" in anonymous.text
    assert anonymous.passage == anonymous.passage.lower()


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        (TRUE, ()),
        (TRUE.replace("2.4", "5.1"), ("5.1",)),
        (TRUE.replace("Ann Roy", "Carl Orff"), ("carl", "orff")),
        (f"Paint takes an afternoon, a tree 30 years. {TRUE}", ()),
        (f"It was hot in Paris. {TRUE}", ()),  # said elsewhere in the episode: told to the writer as subject
    ],
)
def test_what_the_writer_is_not_shown_is_missing(text: str, lacking: tuple[str, ...]) -> None:
    assert missing(next(pairs(episode(text)))) == lacking


def test_only_pairs_that_their_evidence_carries_are_learned() -> None:
    assert [p.text for p in curated([episode()], alike)[0]] == [TRUE]
    assert curated([episode(TRUE.replace("2.4", "5.1"))], alike)[1]["unsupported"] == 1
    away = episode(
        "Databases replicate writes asynchronously between regions.", "Replication is asynchronous"
    )
    assert curated([away], alike)[1]["cover"] == 1
    assert curated([episode()], unlike)[1]["cosine"] == 1


def tiny() -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=50,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=4,
        num_attention_heads=2,
        num_key_value_heads=1,
    )
    return LlamaForCausalLM(config).eval()


def test_half_a_model_after_the_other_is_the_model() -> None:
    model, ids = tiny(), torch.arange(9)
    with torch.no_grad():
        whole = model(ids[None]).logits[0, -4:]
    half = HalfTuned(model)
    assert torch.allclose(half.logits(half.lower(ids), 4), whole, atol=1e-5)


def test_training_learns_goes_on_and_is_kept_by_merging(tmp_path: Path) -> None:
    lesson = Example(key="a", ids=torch.arange(9), written=4)
    course = Course(HalfTuned(tiny()), tmp_path, steps=30)
    losses = [course.learn([lesson]) for _ in range(30)]
    assert losses[-1] < losses[0] - 0.1
    course.save()
    again = Course(HalfTuned(tiny()), tmp_path, steps=30)
    assert again.step == 30 and again.held_out([lesson]) == pytest.approx(course.held_out([lesson]), abs=1e-4)

    merged = tiny()
    merge(merged, tmp_path / "adapters-0030.safetensors")
    with torch.no_grad():
        logits = merged(lesson.ids[None]).logits[0, -5:-1]
    loss = torch.nn.functional.cross_entropy(logits, lesson.ids[-4:])
    assert float(loss) == pytest.approx(course.held_out([lesson]), abs=5e-3)


def test_every_pair_comes_once_an_epoch_in_its_guise() -> None:
    kinds = [[Example(key=f"{k}{i}", ids=torch.arange(2), written=1) for i in range(8)] for k in "pwa"]
    first = [e.key for e in order(kinds, 2)]
    assert sorted(first[:8]) == sorted(first[8:]) == sorted(["p0", "w1", "p2", "a3", "p4", "w5", "p6", "a7"])


def test_the_rate_rises_then_falls() -> None:
    rates = [pace(step, 100) for step in range(100)]
    assert (
        rates[0] < 0.1 < rates[-1] < 0.15
        and max(rates) > 0.9
        and rates[20:] == sorted(rates[20:], reverse=True)
    )
