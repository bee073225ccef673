"""What a listener's program gets: MP3 files, transcripts and the feed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from uuid import UUID, uuid5
from xml.etree import ElementTree as ET

from bot.demo.speak import RATE, Sound
from bot.domain import Segment

BASE = "https://demo.earmark.example"
BIT_RATE = 32_000
TITLE = "Two Chairs and a Kettle"
ABOUT = (
    "One person who knows something explains it before the tea goes cold. Show and guests are made up, "
    "and they speak so that you can try Earmark."
)
# https://podcasting2.org/podcast-namespace/tags/guid: a UUIDv5 of the address without its scheme
PODCAST_GUID = uuid5(UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6"), "demo.earmark.example/feed.xml")
SPACES = {
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "atom": "http://www.w3.org/2005/Atom",
}
TRANSCRIPT_TYPES = {"vtt": "text/vtt", "json": "application/json"}


@dataclass(frozen=True, kw_only=True)
class Item:
    """One episode of the feed; `transcript` is the file ending of the one it publishes, if any."""

    name: str
    title: str
    about: str
    published_at: datetime
    transcript: str = ""


def encode(path: Path, sound: Sound, title: str) -> None:
    """Write `sound` as mono MP3 with an ID3 title."""
    import av

    with av.open(str(path), "w", format="mp3") as file:
        file.metadata.update(title=title, artist=TITLE, album=TITLE, copyright="CC0 1.0")
        stream = file.add_stream("libmp3lame", rate=RATE, layout="mono", bit_rate=BIT_RATE)
        frame = av.AudioFrame.from_ndarray(sound.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        planar = av.AudioResampler(format="s16p", layout="mono", rate=RATE)
        for part in planar.resample(frame):
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))


def seconds(path: Path) -> float:
    """How long an audio file really plays."""
    import av

    with av.open(str(path)) as file:
        return float(sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0)))


def vtt(cues: Sequence[Segment]) -> str:
    """WebVTT, a voice tag a cue."""
    blocks = [f"{_clock(cue.start)} --> {_clock(cue.end)}\n<v {cue.speaker}>{cue.text}" for cue in cues]
    return "\n\n".join(["WEBVTT", *blocks]) + "\n"


def podcasting_json(cues: Sequence[Segment]) -> str:
    """The JSON transcript of Podcasting 2.0."""
    segments = [
        {
            "speaker": cue.speaker,
            "startTime": round(cue.start or 0, 3),
            "endTime": round(cue.end or 0, 3),
            "body": cue.text,
        }
        for cue in cues
    ]
    return json.dumps({"version": "1.0.0", "segments": segments}, indent=1, ensure_ascii=False) + "\n"


TRANSCRIPTS = {"vtt": vtt, "json": podcasting_json}


def feed(items: Sequence[Item], folder: Path) -> str:
    """RSS 2.0 over the files in `folder`, newest episode first."""
    for prefix, address in SPACES.items():
        ET.register_namespace(prefix, address)
    rss = ET.Element("rss", version="2.0")
    channel = ET.SubElement(rss, "channel")
    _fill(channel, _channel())
    for item in sorted(items, key=lambda item: item.published_at, reverse=True):
        _item(ET.SubElement(channel, "item"), item, folder)
    ET.indent(rss)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(rss, encoding="unicode") + "\n"


def _channel() -> list[tuple[str, str, dict[str, str]]]:
    own = {"href": f"{BASE}/feed.xml", "rel": "self", "type": "application/rss+xml"}
    return [
        ("title", TITLE, {}),
        ("link", f"{BASE}/", {}),
        ("description", ABOUT, {}),
        ("language", "en", {}),
        ("copyright", "CC0 1.0 Universal", {}),
        ("atom:link", "", own),
        ("itunes:author", TITLE, {}),
        ("itunes:type", "episodic", {}),
        ("itunes:category", "", {"text": "Education"}),
        ("itunes:explicit", "false", {}),
        ("podcast:guid", str(PODCAST_GUID), {}),
        ("podcast:locked", "no", {}),
        ("podcast:medium", "podcast", {}),
    ]


def _item(element: ET.Element, item: Item, folder: Path) -> None:
    audio = folder / f"{item.name}.mp3"
    enclosure = {
        "url": f"{BASE}/{audio.name}",
        "length": str(audio.stat().st_size),
        "type": "audio/mpeg",
    }
    rows = [
        ("title", item.title, {}),
        ("guid", f"demo.earmark.example:{item.name}", {"isPermaLink": "false"}),
        ("pubDate", format_datetime(item.published_at), {}),
        ("description", item.about, {}),
        ("enclosure", "", enclosure),
        ("itunes:duration", str(round(seconds(audio))), {}),
        ("itunes:episodeType", "full", {}),
        ("itunes:explicit", "false", {}),
    ]
    if item.transcript:
        address = f"{BASE}/{item.name}.{item.transcript}"
        kind = {"url": address, "type": TRANSCRIPT_TYPES[item.transcript], "language": "en"}
        rows.append(("podcast:transcript", "", kind))
    _fill(element, rows)


def _fill(parent: ET.Element, rows: Sequence[tuple[str, str, dict[str, str]]]) -> None:
    for name, text, attributes in rows:
        prefix, _, local = name.rpartition(":")
        tag = f"{{{SPACES[prefix]}}}{local}" if prefix else local
        ET.SubElement(parent, tag, attributes).text = text or None


def _clock(at: float | None) -> str:
    whole = round((at or 0) * 1000)
    minutes, milliseconds = divmod(whole, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{milliseconds // 1000:02}.{milliseconds % 1000:03}"
