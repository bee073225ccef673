"""Published transcripts as segments: Podcasting 2.0 JSON, VTT, SRT, HTML and plain text. All pure."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from bot.domain import Segment, Word
from bot.errors import TranscriptError

Parser = Callable[[str], list[Segment]]

# "Travis: When you first…": one to four capitalised words, so that "One thing: …" in mid-sentence is rare.
_NAME = r"(?:[A-ZÀ-Þ][\w.’'-]*|\d+|van|von|de|da|der)(?: (?:[A-ZÀ-Þ(][\w.’')-]*|\d+|van|von|de|da|der)){0,3}"
_SPEAKER = re.compile(rf"^[\[(*]*({_NAME})[\])*]* ?: ?[*]*\s+(?=\S)", re.UNICODE)
_CLOCK = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{2})(?:[.,](\d{1,3}))?"
_ARROW = re.compile(rf"^\s*{_CLOCK}\s*-->\s*{_CLOCK}(.*)$")
# No "<" inside a tag: else each of a million unclosed ones would be looked through to the very end.
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?[ \t]+([^<>]+)>")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<\d[\d:.]*>")
_BLOCK = re.compile(r"(?i)</?(?:p|div|li|h\d|blockquote|section|article)\b[^<>]*>")
# What isn't said, by where it begins and ends.
_UNSAID = (
    (re.compile("<!--"), re.compile("-->")),
    *(
        (re.compile(rf"(?i)<{tag}\b"), re.compile(rf"(?i)</{tag}\s*>"))
        for tag in ("script", "style", "head", "nav", "header", "footer", "time")
    ),
)
MAX_S = 1e6  # eleven days: a time beyond is none
MAX_RUN = 500  # characters that single words are joined to where no full stop comes


def podcast_json(text: str) -> list[Segment]:
    """https://github.com/Podcastindex-org/podcast-namespace/blob/main/transcripts/transcripts.md#json

    Single words with times (which the format allows) are joined into runs of one speaker.
    """
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TranscriptError(f"the JSON transcript is damaged: {error}") from error
    rows = rows.get("segments") if isinstance(rows, dict) else rows
    if not isinstance(rows, list):
        raise TranscriptError("the JSON holds no “segments”; it isn't a transcript")
    segments = [_json_segment(row) for row in rows if isinstance(row, dict)]
    return _joined_words([segment for segment in segments if segment.text])


def _json_segment(row: Mapping[str, Any]) -> Segment:
    start, end = _number(row.get("startTime", row.get("start"))), _number(row.get("endTime", row.get("end")))
    body, speaker = row.get("body", row.get("text")), row.get("speaker")
    return Segment(
        start=start,
        end=start if end is None or (start is not None and end < start) else end,
        speaker=_tidy(speaker) if isinstance(speaker, str) else "",
        text=_tidy(body) if isinstance(body, str) else "",
    )


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if 0 <= number < MAX_S else None  # NaN and Infinity, which Python's JSON takes, too


def _joined_words(segments: list[Segment]) -> list[Segment]:
    single = sum(" " not in segment.text for segment in segments)
    if not segments or single < 0.8 * len(segments):
        return segments
    joined: list[Segment] = []
    for word in segments:
        last = joined[-1] if joined else None
        ended = not last or len(last.text) > MAX_RUN or last.text.endswith((".", "?", "!"))
        if last and not ended and last.speaker == word.speaker:
            joined[-1] = _with_word(last, word)
        else:
            joined.append(_with_word(replace(word, text=""), word))
    return joined


def _with_word(segment: Segment, word: Segment) -> Segment:
    timed = word.start is not None and word.end is not None
    words = (Word(start=word.start or 0.0, end=word.end or 0.0, text=word.text),) if timed else ()
    text = f"{segment.text} {word.text}".strip()
    return replace(segment, end=word.end, text=text, words=segment.words + words)


def vtt(text: str) -> list[Segment]:
    """https://www.w3.org/TR/webvtt1/; a `<v Name>` holds for the cues after it, until another one."""
    speaker, segments = "", []
    for start, end, lines in _cues(text):
        for voice, said in _voices(" ".join(lines)):
            speaker = voice or speaker
            segments.append(Segment(start=start, end=end, speaker=speaker, text=said))
    return without_rolling(_named(segments))


def srt(text: str) -> list[Segment]:
    """SubRip; a speaker is a "Name: " prefix, which holds for the cues after it, until another one."""
    cues = (Segment(start=a, end=b, text=_tidy(_TAG.sub("", " ".join(lines)))) for a, b, lines in _cues(text))
    return without_rolling(_named([cue for cue in cues if cue.text]))


def _cues(text: str) -> Iterator[tuple[float, float, list[str]]]:
    """(start, end, lines) of each cue; blocks without a time (NOTE, STYLE, the header) are passed over."""
    lines = text.splitlines()
    times = [(at, found) for at, line in enumerate(lines) if (found := _ARROW.match(line))]
    for index, (at, found) in enumerate(times):
        until = times[index + 1][0] if index + 1 < len(times) else len(lines)
        said = []
        for line in lines[at + 1 : until]:
            if not line.strip():
                break
            said.append(line.strip())
        groups = found.groups()
        yield _seconds(groups[:4]), _seconds(groups[4:8]), said


def _seconds(groups: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = groups
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0) + float(f"0.{fraction or 0}")


def _voices(cue: str) -> Iterator[tuple[str, str]]:
    """(speaker or "", text) for each voice of a cue."""
    parts = _VOICE.split(cue)
    for speaker, said in zip(["", *parts[1::2]], parts[::2], strict=True):
        if text := _tidy(_TAG.sub("", said)):
            yield _tidy(speaker), text


def _named(segments: list[Segment]) -> list[Segment]:
    """Speakers from "Name: " prefixes: names that come back, or any when the transcript begins with one."""
    if any(segment.speaker for segment in segments):
        return segments
    found = [match[1] for segment in segments if (match := _SPEAKER.match(segment.text))]
    begins = bool(segments) and _SPEAKER.match(segments[0].text) is not None
    names = {name for name in found if begins or found.count(name) > 1}
    speaker, named = "", []
    for segment in segments:
        match = _SPEAKER.match(segment.text)
        if match and match[1] in names:
            speaker, segment = match[1], replace(segment, text=segment.text[match.end() :])
        named.append(replace(segment, speaker=speaker))
    return named


def without_rolling(segments: list[Segment]) -> list[Segment]:
    """Rolling captions show each line twice, once as it comes and once above the next: keep what is new."""
    kept: list[Segment] = []
    for segment in segments:
        last = kept[-1].text if kept else ""
        text = _new_part(last, segment.text) if kept and _touch(kept[-1], segment) else segment.text
        if text:
            kept.append(replace(segment, text=text))
        elif segment.end is not None:
            kept[-1] = replace(kept[-1], end=segment.end)
    return kept


def _touch(first: Segment, second: Segment) -> bool:
    return first.end is not None and second.start is not None and second.start - first.end < 0.5


def _new_part(last: str, text: str) -> str:
    """`text` without what it repeats of the end of `last`; only whole repeats of three words or more."""
    old, new = last.split(), text.split()
    for size in range(min(len(old), len(new)), 2, -1):
        if old[-size:] == new[:size]:
            return " ".join(new[size:])
    return text


def html_page(text: str) -> list[Segment]:
    """The namespace's HTML: `<cite>` names the speaker of the paragraphs after it. It claims no times."""
    for begin, end in _UNSAID:
        text = _without(text, begin, end)
    speaker, segments = "", []
    first, *turns = re.split(r"(?i)<cite\b[^<>]*>", text)
    for turn in ("</cite>" + first, *turns):
        name, *after = re.split(r"(?i)</cite\s*>", turn, maxsplit=1)
        if after:
            speaker = _plain_html(name).rstrip(": ") or speaker
        for part in _BLOCK.split(after[0] if after else name):
            if said := _plain_html(part):
                segments.append(Segment(start=None, end=None, speaker=speaker, text=said))
    return _named(segments)


def _without(text: str, begin: re.Pattern[str], end: re.Pattern[str]) -> str:
    """Two searches in turn, since one pattern for both could take quadratic time on hostile input."""
    kept, here = [], 0
    while (start := begin.search(text, here)) and (stop := end.search(text, start.end())):
        kept += [text[here : start.start()], " "]
        here = stop.end()
    return "".join(kept) + text[here:]


def _plain_html(part: str) -> str:
    return _tidy(re.sub(r"<[^<>]*>", " ", part))


def plain(text: str) -> list[Segment]:
    """Paragraphs; "00:00:05 " or "[00:05] " before one is its time, "Name: " its speaker."""
    marks = [_stamped(line) for line in text.splitlines() if line.strip()]
    marks = [(start, said) for start, said in marks if said]
    if not marks or sum(start is not None for start, _ in marks) < 0.5 * len(marks):
        return _named([Segment(start=None, end=None, text=said) for _, said in marks])
    ends = [start for start, _ in marks[1:]] + [None]
    filled = _filled(marks)
    segments = [
        Segment(start=start, end=end if end is not None else _guess_end(start, said), text=said)
        for (start, said), end in zip(filled, ends, strict=True)
    ]
    return _named(segments)


def _stamped(line: str) -> tuple[float | None, str]:
    found = re.match(rf"^\s*[\[(]?{_CLOCK}[\])]?\s*[-–:]?\s*", line)
    if not found:
        return None, _tidy(line)
    return _seconds(found.groups()), _tidy(line[found.end() :])


def _filled(marks: Iterable[tuple[float | None, str]]) -> list[tuple[float, str]]:
    """A line without a time has that of the line before it."""
    last, filled = 0.0, []
    for start, said in marks:
        last = last if start is None else start
        filled.append((last, said))
    return filled


def _guess_end(start: float, said: str) -> float:
    return start + len(said.split()) / 2.5


def _tidy(text: str) -> str:
    """Entities decoded, white space and invisible characters made single spaces, half characters (JSON
    can hold lone surrogates, which nothing can encode) made "?"."""
    whole = html.unescape(text).encode(errors="replace").decode()
    return re.sub(r"[\s\u200b\u200e\u200f\ufeff]+", " ", whole).strip()
