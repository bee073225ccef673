"""What a file is by how it begins: servers send pages, playlists and pointers in place of audio."""

from __future__ import annotations

import re
from pathlib import Path

from bot.errors import AudioError

_PAGE = "is a web page; the server sent that instead of audio"
_NOT_AUDIO = (
    (rb"version https://git-lfs", "is a Git LFS pointer, a note of where the audio would be"),
    (rb"#EXTM3U|\[playlist\]|ffconcat|<\?xml[^>]*>\s*<MPD|<asx", "is a playlist, which isn't followed"),
    (rb"<(!doctype|html|head|body|\?xml|rss)", _PAGE),
    (rb"[{\[]\s*[\"{\[]", "is data (JSON), not audio"),
    (rb"%PDF-", "is a PDF"),
    (rb"PK\x03\x04", "is a ZIP archive"),
)


def check_is_audio(path: Path, what: str = "") -> None:
    """Raise AudioError when `path` begins like something else (MIME types are often wrong)."""
    what = what or path.name
    with open(path, "rb") as file:
        start = file.read(2048)
    if not start:
        raise AudioError(f"{what} is empty")
    if not start.strip(b"\0"):
        raise AudioError(f"{what} holds only zeros, not audio")
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    for pattern, why in _NOT_AUDIO:
        if re.match(pattern, text, re.IGNORECASE):
            error = AudioError(f"{what} {why}")
            error.permanent = why != _PAGE  # a login or error page may be gone the next time
            raise error
