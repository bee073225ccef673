"""Any folder of annotated episodes, as it is found: what can't be scored is left out and named, with why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.domain import Transcript
from bot.errors import ConfigError, of_system
from bot.training.episodes import Annotated, read_transcript

TRANSCRIPT, REFERENCE = ".transcript.json", ".reference.json"
TRAINED_ON = Path(__file__).with_name("trained_on.json")
AUDIO = (".mp3", ".m4a", ".ogg", ".opus", ".flac", ".wav")
LACKING: Mapping[str, str] = {
    TRANSCRIPT: f"it has no ID{TRANSCRIPT} beside it",
    REFERENCE: f"it has no ID{REFERENCE} beside it",
}


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A file that is not scored, and why in words."""

    name: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Folder:
    """The episodes of a folder by id, and what was left out. `held_out`: trained-on ones were left out."""

    episodes: tuple[Annotated, ...]
    left_out: tuple[LeftOut, ...]
    held_out: bool = False


def load(folder: Path, *, everything: bool = False) -> Folder:
    """The episodes of `folder` that can be scored.

    Those that the shipped reader was trained on (`trained_on.json`) are passed over unless `everything` is
    asked for, so that the folder it learnt from gives its validation split and any other folder all of its
    own. Raises ConfigError where nothing is left.
    """
    if not folder.is_dir():
        raise ConfigError(
            f"There is no folder {folder}. Name one that holds ID{TRANSCRIPT} and ID{REFERENCE}."
        )
    found = [_read(folder, id) for id in _ids(folder)]
    episodes = [e for e in found if isinstance(e, Annotated)]
    left_out = tuple(e for e in found if isinstance(e, LeftOut))
    known = frozenset() if everything else trained_on()
    kept = tuple(e for e in episodes if e.id not in known)
    if not kept:
        raise ConfigError(_nothing(folder, episodes, left_out))
    return Folder(episodes=kept, left_out=left_out, held_out=len(kept) < len(episodes))


def trained_on() -> frozenset[str]:
    """Ids of the episodes that the shipped weights have learnt from."""
    return frozenset(json.loads(TRAINED_ON.read_text("utf-8")))


def audio_of(folder: Path, id: str) -> Path | None:
    """The recording that lies beside an episode's transcript, if there is one."""
    return next((path for ending in AUDIO if (path := folder / f"{id}{ending}").is_file()), None)


def _ids(folder: Path) -> list[str]:
    try:
        names = {p.name for p in folder.iterdir()}
    except OSError as error:
        raise ConfigError(f"The folder {folder} can't be read. {of_system(error)}") from error
    return sorted({n.removesuffix(end) for n in names for end in (TRANSCRIPT, REFERENCE) if n.endswith(end)})


def _read(folder: Path, id: str) -> Annotated | LeftOut:
    for ending, other in ((TRANSCRIPT, REFERENCE), (REFERENCE, TRANSCRIPT)):
        if not (folder / f"{id}{ending}").is_file():
            return LeftOut(name=f"{id}{other}", why=LACKING[ending])
    transcript = _tried(folder / f"{id}{TRANSCRIPT}", _spoken)
    if isinstance(transcript, LeftOut):
        return transcript
    count = len(transcript.segments)
    reference = _tried(folder / f"{id}{REFERENCE}", lambda path: _checked(path, count))
    if isinstance(reference, LeftOut):
        return reference
    return Annotated(id=id, transcript=transcript, reference=reference)


def _tried(path: Path, read: Callable[[Path], Any]) -> Any:
    """What `read` makes of the file, or LeftOut with what is wrong with it."""
    try:
        return read(path)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        return LeftOut(name=path.name, why=f"it can't be read as JSON ({error})")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return LeftOut(name=path.name, why=f"it isn't of the form that is scored ({error!r})")


def _spoken(path: Path) -> Transcript:
    transcript = read_transcript(path)
    if not any(s.text.split() for s in transcript.segments):
        raise ValueError("nothing is said in it")
    return transcript


def _checked(path: Path, segments: int) -> dict[str, Any]:
    """The reference with what may be missing filled in: ranks by order, no non-content, no quote."""
    reference = json.loads(path.read_text("utf-8"))
    insights = [
        {"headline": "", "text": "", "quote": "", "rank": rank, **insight}
        for rank, insight in enumerate(reference["insights"], 1)
    ]
    if not insights:
        raise ValueError("no insights")
    for at in _indices(insights, reference.get("non_content") or ()):
        if not 0 <= at < segments:
            raise ValueError(f"sentence {at} of {segments}")
    return {**reference, "insights": insights, "non_content": list(reference.get("non_content") or ())}


def _indices(insights: list[dict[str, Any]], spans: Any) -> Iterator[int]:
    for insight in insights:
        yield from insight["evidence"]
    for span in spans:
        yield from (span["from"], span["to"])


def _nothing(folder: Path, episodes: list[Annotated], left_out: tuple[LeftOut, ...]) -> str:
    if episodes:
        return f"All {len(episodes)} episodes in {folder} trained the reader; add --all to score them anyway."
    if left_out:
        first = left_out[0]
        return f"Nothing in {folder} can be scored. For one: {first.name}: {first.why}."
    return f"{folder} holds no annotated episodes: for each, ID{TRANSCRIPT} and ID{REFERENCE}."
