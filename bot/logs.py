"""What goes to the log: a line or a JSON object a record, without the secrets of the settings."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime

SHORTEST = 6  # a secret; what is shorter would take common words along
# Secrets by their look, whoever's they are: user and password in an address, tokens of the chat platforms.
_LOOKS = (
    (re.compile(r"(?<=//)[^/\s@\"']+@"), "…@"),
    (re.compile(r"\bxox[a-z]-[\w-]+|\bxapp-[\w-]+"), "…"),
    (re.compile(r"(?i)\b(bearer|bot|basic)\s+[\w.~+/=-]{12,}"), r"\1 …"),
)


class Scrubber:
    """Takes the given secrets, and what looks like one, out of texts."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted({s for s in secrets if len(s) >= SHORTEST}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "…")
        for look, instead in _LOOKS:
            text = look.sub(instead, text)
        return text


class Lines(logging.Formatter):
    """A record as a line (with its traceback below, if it has one)."""

    def __init__(self, scrub: Scrubber) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")
        self._scrub = scrub

    def format(self, record: logging.LogRecord) -> str:
        return self._scrub(super().format(record))


class Objects(logging.Formatter):
    """A record as one JSON object in one line: at, level, logger, message, and error with a traceback."""

    def __init__(self, scrub: Scrubber) -> None:
        super().__init__()
        self._scrub = scrub

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": self._scrub(record.getMessage()),
            "process": record.process,
            "thread": record.threadName,
        }
        if record.exc_info:
            said["error"] = self._scrub(self.formatException(record.exc_info))
        return json.dumps(said, ensure_ascii=False)


FORMATS = {"text": Lines, "json": Objects}


def begin(level: str, style: str, secrets: Iterable[str]) -> None:
    """Send what is logged from now on to stderr in that style ("text" or "json")."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(FORMATS[style](Scrubber(secrets)))
    logging.basicConfig(level=level, handlers=[handler], force=True)
