"""The publisher's own transcript: any of five formats, taken when it covers the episode."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from bot.domain import Episode, Segment, Transcript, TranscriptLink
from bot.errors import EarmarkError, NoTranscript, TranscriptError
from bot.transcribe import formats

log = logging.getLogger(__name__)

MIN_COVERAGE = 0.85
WORDS_A_MINUTE = 60  # nobody talks slower than this through an episode; usual are 130 to 180
MAX_BYTES = 32_000_000

_PARSERS: Mapping[str, formats.Parser] = {
    "json": formats.podcast_json,
    "vtt": formats.vtt,
    "srt": formats.srt,
    "html": formats.html_page,
    "text": formats.plain,
}
_ORDER = tuple(_PARSERS)  # best first: what says most about times and speakers
_MIMES = (
    (r"json", "json"),
    (r"vtt", "vtt"),
    (r"srt|subrip", "srt"),
    (r"html", "html"),
    (r"text/plain", "text"),
)


class Response(Protocol):
    @property
    def body(self) -> bytes: ...


class Fetcher(Protocol):
    def get(self, url: str, *, sealed: str = "", max_bytes: int = ...) -> Response: ...


def parse(body: bytes, mime_type: str = "", url: str = "") -> Transcript:
    """A published transcript. Its content says which format it is: MIME types and endings are often wrong.

    Raises TranscriptError for what is no transcript. `model` of the result names the format.
    """
    text = _decoded(body)
    kind = sniff(text)
    segments = _PARSERS[kind](text)
    if not segments:
        claim = claimed(mime_type, url) or kind
        raise TranscriptError(f"the transcript ({claim}) has no text in it")
    duration = max((segment.end or 0.0 for segment in segments), default=0.0)
    language = _vtt_language(text) if kind == "vtt" else ""
    return Transcript(
        segments=tuple(map(_forward, segments)),
        language=language,
        source="publisher",
        model=kind,
        duration_s=duration or None,
    )


def _forward(segment: Segment) -> Segment:
    """A cue that ends before it begins (a digit lost in a time) ends where it begins."""
    start, end = segment.start, segment.end
    return replace(segment, end=start) if start is not None and end is not None and end < start else segment


def _decoded(body: bytes) -> str:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    if b"\0" in body[:4096]:
        raise TranscriptError("the transcript is a binary file, not text")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def sniff(text: str) -> str:
    """The format that the content shows."""
    start = text.lstrip()[:3000]
    if start.startswith("WEBVTT"):
        return "vtt"
    if start[:1] in "{[" and _is_json(text):
        return "json"
    if re.search(r"(?m)^\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}\s*-->", start):
        return "vtt" if "<v" in start else "srt"
    if re.match(r"(?i)<(!doctype html|html|cite|p|div|time|h\d|body|article|section)\b", start):
        return "html"
    if start.startswith("<"):
        raise TranscriptError("the transcript's address leads to XML, which is no transcript")
    return "html" if re.search(r"(?i)</(p|cite|div|time)>|<br ?/?>", start) else "text"


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return bool(re.match(r'[\[{]\s*["{\[]', text.lstrip()))


def claimed(mime_type: str, url: str = "") -> str:
    """The format by MIME type, else by the address's ending; "" for neither."""
    for pattern, kind in _MIMES:
        if re.search(pattern, mime_type, re.IGNORECASE):
            return kind
    ending = re.search(r"\.(json|vtt|srt|html?|txt)(?:$|[?#])", url.lower())
    return {"htm": "html", "txt": "text"}.get(ending[1], ending[1]) if ending else ""


def _vtt_language(text: str) -> str:
    header = text.lstrip().split("\n\n", 1)[0]
    found = re.search(r"(?mi)^Language:\s*([\w-]+)", header)
    return found[1] if found else ""


def shortfall(transcript: Transcript, duration_s: float | None) -> str:
    """Why the transcript can't be the whole episode; "" when it can (or when nobody knows)."""
    if not duration_s:
        return ""
    if transcript.duration_s is None:
        words = len(transcript.text.split())
        least = WORDS_A_MINUTE * duration_s / 60
        return f"{words} words are too few for {duration_s / 60:.0f} minutes" if words < least else ""
    share = _reach(transcript.segments) / duration_s
    return f"it covers only {share:.0%} of the episode" if share < MIN_COVERAGE else ""


def _reach(segments: tuple[Segment, ...]) -> float:
    """Seconds of the episode from the first word to the last, without holes of more than five minutes."""
    timed = sorted((s.start, s.end or s.start) for s in segments if s.start is not None)
    reach = last = 0.0
    for start, end in timed:
        gap = start - last
        reach += max(0.0, end - last) - (gap if gap > 300 else 0.0)
        last = max(last, end)
    return reach


Parse = Callable[[bytes, str, str], Transcript]


class PublishedTranscriber:
    """Takes the best of the transcripts that the feed names: JSON, VTT, SRT, HTML, plain, in that order.

    `parse` is what reads them (TranscriptsApart: in a process of its own).
    """

    def __init__(self, fetcher: Fetcher, parse: Parse = parse) -> None:
        self._fetcher, self._parse = fetcher, parse

    def transcribe(self, episode: Episode) -> Transcript:
        """The first one that can be read and covers the episode; NoTranscript says why there is none."""
        reasons = []
        for link in ranked(episode):
            try:
                transcript = self._read(link)
            except EarmarkError as error:
                log.info("%s: a published transcript can't be used: %s", episode.title, error)
                reasons.append(str(error))
                continue
            if reason := shortfall(transcript, episode.duration_s):
                reasons.append(f"the {transcript.model} transcript isn't whole: {reason}")
                continue
            language = transcript.language or link.language or episode.language
            return replace(transcript, language=language.lower())
        why = "; ".join(dict.fromkeys(reasons)) or "the feed names none"
        raise NoTranscript(f"“{episode.title}” has no published transcript that can be used: {why}")

    def _read(self, link: TranscriptLink) -> Transcript:
        response = self._fetcher.get(link.url, sealed=link.sealed, max_bytes=MAX_BYTES)
        return self._parse(response.body, link.mime_type, link.url)


def ranked(episode: Episode) -> list[TranscriptLink]:
    """The episode's language first (or none named), then by format; other languages are translations."""

    def rank(link: TranscriptLink) -> tuple[int, int]:
        kind = claimed(link.mime_type, link.url)
        return _language_rank(link.language, episode.language), _ORDER.index(kind) if kind else len(_ORDER)

    same = [link for link in episode.transcripts if rank(link)[0] < 2]
    return sorted(same or episode.transcripts, key=rank)


def _language_rank(of_link: str, of_episode: str) -> int:
    first, second = (name.lower().replace("_", "-").split("-")[0] for name in (of_link, of_episode))
    if not first or not second:
        return 1
    return 0 if first == second else 2
