"""Chooses an episode's audio among what a feed offers, and says in words why there is none; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

Kind = Literal["audio", "unknown", "video", "other"]

_EXTENSIONS: dict[Kind, str] = {
    "audio": "mp3 m4a m4b aac ogg oga opus wav flac weba wma aif aiff mp2 mka amr spx",
    "video": "mp4 m4v mov webm mkv avi mpg mpeg wmv flv ogv 3gp",
    "other": "jpg jpeg png gif webp svg pdf epub zip torrent html htm txt json vtt srt xml",
}
_KIND_OF: dict[str, Kind] = {name: kind for kind, names in _EXTENSIONS.items() for name in names.split()}
_RANK: dict[Kind, int] = {"audio": 0, "unknown": 1, "video": 2, "other": 3}
_MEDIA_REASON: dict[Kind, str] = {
    "video": "video: Earmark only listens to audio",
    "other": "no audio is attached",
}
_MEDIUM_REASON = {
    "music": "music, not speech (the feed's medium says so)",
    "film": "video: Earmark only listens to audio",
    "video": "video: Earmark only listens to audio",
}
_TYPE_REASON = {"trailer": "a trailer", "bonus": "a bonus episode"}


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One file that an item offers, as written: enclosure, media:content or alternate enclosure."""

    url: str
    mime_type: str = ""
    medium: str = ""
    length_bytes: int = 0
    duration: str = ""


def kind(offer: Offer) -> Kind:
    """What a file is by its type, medium and extension; a telling extension wins over a wrong type."""
    by_name = _KIND_OF.get(_extension(offer.url))
    major = offer.mime_type.lower().partition("/")[0].strip() or offer.medium.lower()
    if by_name == "audio" or (major == "audio" and by_name != "other"):
        return "audio"
    if "video" in {major, by_name}:
        return "video"
    if by_name == "other" or major in {"image", "text", "document"}:
        return "other"
    generic = offer.mime_type.lower() in {"", "application/octet-stream", "binary/octet-stream"}
    return "unknown" if generic else "other"


def choose(offers: Sequence[Offer]) -> tuple[Offer | None, Kind]:
    """The best file and what it is: audio before all, then in the order in which they are offered."""
    ranked = sorted(offers, key=lambda offer: _RANK[kind(offer)])
    return (ranked[0], kind(ranked[0])) if ranked else (None, "other")


def why_skipped(medium: str, chosen: Kind, episode_type: str) -> str:
    """Why such an episode isn't listened to by default, in words; "" if it is."""
    return (
        _MEDIUM_REASON.get(medium.lower().removesuffix("l"), "")  # "musicL" is a list of music
        or _MEDIA_REASON.get(chosen, "")
        or _TYPE_REASON.get(episode_type, "")
    )


def _extension(url: str) -> str:
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    match = re.search(r"\.([A-Za-z0-9]{2,5})$", path)
    return match[1].lower() if match else ""
