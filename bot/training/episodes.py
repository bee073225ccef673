"""The annotated episodes on disk: transcripts, references, and the split that validation keeps to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.domain import Segment, Transcript

# Shows that training never sees at all; of every other show, a fifth of the episodes.
UNSEEN_SHOWS = ("go-time", "big-tent", "spotlight", "request-for-commits")


@dataclass(frozen=True, kw_only=True)
class Annotated:
    """One episode: `reference` is the annotator's file as it stands; indices in it are segment indices."""

    id: str
    transcript: Transcript
    reference: dict[str, Any]

    @property
    def show(self) -> str:
        return "bitcoin" if self.id.startswith("bitcoin") else self.id.rpartition("-")[0]

    @property
    def unread(self) -> frozenset[int]:
        return frozenset(self.reference.get("unread") or ())


def annotated(folder: Path) -> Iterator[Annotated]:
    """Every `ID.reference.json` of the folder with its `ID.transcript.json`, by id."""
    for path in sorted(folder.glob("*.reference.json")):
        id = path.name.removesuffix(".reference.json")
        reference = json.loads(path.read_text("utf-8"))
        yield Annotated(
            id=id, transcript=read_transcript(folder / f"{id}.transcript.json"), reference=reference
        )


def read_transcript(path: Path) -> Transcript:
    """A Podcasting 2.0 JSON transcript."""
    rows = json.loads(path.read_text("utf-8"))["segments"]
    segments = tuple(
        Segment(
            start=r.get("startTime"), end=r.get("endTime"), speaker=r.get("speaker") or "", text=r["body"]
        )
        for r in rows
    )
    return Transcript(segments=segments, model="json")


def is_validation(episode: Annotated) -> bool:
    """Fixed for ever by the id: whole unseen shows, and a fifth of the others' episodes."""
    digest = hashlib.sha256(episode.id.encode()).digest()
    return episode.show in UNSEEN_SHOWS or digest[0] % 5 == 0
