"""A teacher's annotations are read again as any annotator's, and never written over."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain import Segment, Transcript
from bot.errors import ConfigError
from bot.read.reader import PassageReader
from bot.training.annotate import lacking, reference, run
from bot.training.asked import asked_of
from bot.training.episodes import Annotated
from bot.training.folder import load
from bot.training.seen import published, see
from tests.fakes import FakeWriter

LINES = [
    f"Because white roofs reflect light, measured street {n} was cooler by more than {n} degrees in July."
    for n in range(2, 40)
]


def test_what_a_teacher_wrote_is_read_again(tmp_path: Path) -> None:
    segments = tuple(
        Segment(start=float(n), end=n + 1.0, speaker="Ann Roy", text=t) for n, t in enumerate(LINES)
    )
    unseen = Annotated(id="show-1", transcript=Transcript(segments=segments), reference={})
    made = reference(see(published(unseen), PassageReader(None)), FakeWriter(), "Show 1")
    body = {"segments": [{"body": s.text, "speaker": s.speaker} for s in segments]}
    (tmp_path / "show-1.transcript.json").write_text(json.dumps(body), "utf-8")
    (tmp_path / "show-1.reference.json").write_text(json.dumps(made), "utf-8")
    folder = load(tmp_path, everything=True)
    assert not folder.left_out and 1 <= len(made["insights"]) <= 10
    for asked, insight in zip(asked_of(folder.episodes), made["insights"], strict=True):
        assert insight["quote"] in " ".join(s.text for s in asked.said)
    assert [i["rank"] for i in made["insights"]] == list(range(1, len(made["insights"]) + 1))


def test_only_what_lacks_an_annotation(tmp_path: Path) -> None:
    for name in ("a.transcript.json", "b.transcript.json", "b.reference.json"):
        (tmp_path / name).write_text("{}", "utf-8")
    assert [p.name for p in lacking(tmp_path)] == ["a.transcript.json"]
    (tmp_path / "a.transcript.json").unlink()
    with pytest.raises(ConfigError, match="lacks its ID"):
        run(tmp_path)


def test_a_show_that_nobody_knows_goes_by_its_own_name() -> None:
    from tests.test_fidelity import annotated_one

    stranger = replace(annotated_one(), id="kitchen-7")
    assert asked_of([stranger])[0].pair.show == "kitchen"
