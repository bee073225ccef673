"""Published transcripts, read in a process of its own (`bot/apart.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from bot.apart import Apart, Limits
from bot.domain import Transcript
from bot.errors import TranscriptError


class TranscriptsApart:
    """As `published.parse`; TranscriptError, too, when a limit is met or the process dies."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.process = Apart(__name__, TranscriptError, limits)

    def __call__(self, body: bytes, mime_type: str = "", url: str = "") -> Transcript:
        from pydantic import ValidationError

        reply = self.process.ask("transcript", (mime_type, url), body, name="the transcript")
        try:
            read: Transcript = _adapter().validate_json(reply)
            return read
        except ValidationError:
            raise self.process.failed("crash", "the transcript") from None


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Transcript)


def _transcript(arguments: Sequence[Any], body: bytes) -> Transcript:
    from bot.transcribe.published import parse

    mime_type, url = arguments
    return parse(body, mime_type, url)


TASKS = {"transcript": _transcript}
