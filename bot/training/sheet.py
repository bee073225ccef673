"""The sheet for reading blind: insights, what they were made of, blank fields; and the means once filled."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot.domain import hhmmss
from bot.errors import ConfigError
from bot.training.methods import Posted, show_of
from bot.training.seen import Seen

FAITHFUL: Mapping[str, int] = {"0": 0, "1": 1, "2": 2}
SELF_CONTAINED: Mapping[str, int] = {"y": 1, "yes": 1, "n": 0, "no": 0, "true": 1, "false": 0}
INTRODUCTION = """# Insights to rate

Read headline and text first, as somebody who knows nothing but the show's name, and say whether they can be
understood (y or n). Then read the passage and say whether it carries what they claim: 2 fully, 1 with a small
overreach, 0 not. Leave blank what you can't tell. Who wrote which is in the key beside this file.
"""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One insight to rate; `id` says nothing of who wrote it, `method` goes into the key alone."""

    id: str
    method: str
    show: str
    episode: str
    headline: str
    text: str
    quote: str
    passage: str


@dataclass(frozen=True, kw_only=True)
class Rated:
    """What a rater wrote of one insight; None where the field was left blank."""

    id: str
    faithful: int | None
    self_contained: int | None


def entry(method: str, seen: Seen, posted: Posted) -> Entry:
    mark = hashlib.sha256(f"{method}\n{seen.episode.id}\n{posted.headline}\n{posted.text}".encode())
    return Entry(
        id=mark.hexdigest()[:8],
        method=f"{method}, {seen.form.name}",
        show=show_of(seen),
        episode=seen.episode.id,
        headline=posted.headline,
        text=posted.text,
        quote=posted.quote,
        passage="\n".join(_passage(seen, posted)),
    )


def drawn(entries: Sequence[Entry], n: int, seed: int) -> list[Entry]:
    """`n` of them (all, if there are fewer) at random, whatever the order in which they come."""
    return random.Random(seed).sample(sorted(entries, key=lambda e: e.id), min(n, len(entries)))


def write_sheet(entries: Sequence[Entry], path: Path) -> Path:
    """The sheet (JSON lines where the name ends in .jsonl, else Markdown); returns the path of its key."""
    lines = _as_jsonl(entries) if path.suffix == ".jsonl" else _as_markdown(entries)
    key = path.with_name(f"{path.name}.key.json")
    try:
        path.write_text("\n".join(lines) + "\n", "utf-8")
        key.write_text(json.dumps({e.id: e.method for e in entries}, indent=0) + "\n", "utf-8")
    except OSError as error:
        raise ConfigError(f"The sheet can't be written to {path}: {error.strerror}.") from error
    return key


def read_sheet(path: Path) -> tuple[list[Rated], dict[str, str]]:
    """The ratings of a sheet, and who wrote what ({} where the key isn't there)."""
    try:
        text = path.read_text("utf-8")
        key_file = path.with_name(f"{path.name}.key.json")
        key: dict[str, str] = json.loads(key_file.read_text("utf-8")) if key_file.is_file() else {}
        raw = list(_from_jsonl(text) if path.suffix == ".jsonl" else _from_markdown(text))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ConfigError(f"The sheet {path} can't be read: {error}.") from error
    if not raw:
        raise ConfigError(f"{path} has no entries; a sheet is written by --sample N --out FILE.")
    return [_rating(r) for r in raw], key


def means(ratings: Sequence[Rated], key: Mapping[str, str]) -> list[str]:
    """A line for each writer of the key, or one for all."""
    groups: dict[str, list[Rated]] = {}
    for rating in ratings:
        groups.setdefault(key.get(rating.id, "all"), []).append(rating)
    return [_mean_line(name, group) for name, group in sorted(groups.items())]


def _mean_line(name: str, group: Sequence[Rated]) -> str:
    faithful = [r.faithful for r in group if r.faithful is not None]
    alone = [r.self_contained for r in group if r.self_contained is not None]
    counts = ", ".join(f"{faithful.count(mark)} × {mark}" for mark in (2, 1, 0))
    return (
        f"{name}: faithful {_mean(faithful)} of 2 ({counts}; {len(faithful)} of {len(group)} rated), "
        f"self-contained {_mean(alone)} ({sum(alone)} of {len(alone)})"
    )


def _mean(values: Sequence[int]) -> str:
    return f"{sum(values) / len(values):.2f}" if values else "–"


def _rating(raw: Mapping[str, Any]) -> Rated:
    return Rated(
        id=str(raw.get("id", "")),
        faithful=_field(raw, "faithful", FAITHFUL),
        self_contained=_field(raw, "self_contained", SELF_CONTAINED),
    )


def _field(raw: Mapping[str, Any], name: str, allowed: Mapping[str, int]) -> int | None:
    value = raw.get(name)
    written = "" if value is None else str(value).strip().lower()
    if written and written not in allowed:
        raise ConfigError(f"Entry {raw.get('id')}: {name} is “{written}”; it can be {', '.join(allowed)}.")
    return allowed[written] if written else None


def _as_jsonl(entries: Sequence[Entry]) -> list[str]:
    blank = {"faithful": None, "self_contained": None}
    rows = ({k: v for k, v in asdict(e).items() if k != "method"} for e in entries)
    return [json.dumps({**row, **blank}, ensure_ascii=False) for row in rows]


def _as_markdown(entries: Sequence[Entry]) -> list[str]:
    return [INTRODUCTION, *(_section(n, e) for n, e in enumerate(entries, 1))]


def _section(number: int, entry: Entry) -> str:
    passage = "\n".join(f"    {line}" for line in entry.passage.splitlines())
    return (
        f"## {number} · {entry.id} · {entry.show}\n\n**{entry.headline}**\n\n{entry.text}\n\n"
        f"- self_contained:\n- faithful:\n\n> {entry.quote}\n\n"
        f"The passage, of `{entry.episode}`:\n\n{passage}\n"
    )


_SECTION = re.compile(r"^## \d+ · (\w+) ·.*?(?=^## \d+ · |\Z)", re.M | re.S)
_FIELD = re.compile(r"^- (faithful|self_contained):[ \t]*(.*)$", re.M)


def _from_jsonl(text: str) -> Iterator[Mapping[str, Any]]:
    return (json.loads(line) for line in text.splitlines() if line.strip())


def _from_markdown(text: str) -> Iterator[Mapping[str, Any]]:
    for section in _SECTION.finditer(text):
        yield {"id": section[1], **dict(_FIELD.findall(section[0]))}


def _passage(seen: Seen, posted: Posted) -> Iterator[str]:
    """What it was made of as it was seen, with speakers; "…" stands where sentences are left out."""
    said, before = seen.episode.transcript.segments, None
    for at in posted.source:
        if before is not None and at != before + 1:
            yield "…"
        speaker = said[at].speaker if seen.form.name == "published" else ""
        when = hhmmss(said[at].start)
        yield f"{when} {f'{speaker}: ' if speaker else ''}{seen.words([at])}".strip()
        before = at
