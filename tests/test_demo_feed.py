"""The demo feed as a listener gets it: feed, audio and transcripts agree with each other and the scripts."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import feedparser
import pytest
from lxml import etree

from bot.demo.make import HERE, ITEMS, main
from bot.demo.publish import BASE, feed, podcasting_json, vtt
from bot.demo.script import parse, spoken
from bot.demo.speak import NEEDS
from bot.domain import Segment

NAMES = [item.name for item in ITEMS]
PUBLISHED = [item.name for item in ITEMS if item.transcript]
PODCAST = "{https://podcastindex.org/namespace/1.0}"
REFERENCE = json.loads((Path(__file__).parent / "demo_reference.json").read_text())


@pytest.fixture(scope="module")
def entries() -> dict[str, Any]:
    parsed = feedparser.parse((HERE / "feed.xml").read_bytes())
    assert not parsed.bozo
    return {Path(entry.enclosures[0].href).stem: entry for entry in parsed.entries}


def script(name: str) -> str:
    return (HERE / "scripts" / f"{name}.txt").read_text()


def cues(name: str) -> list[tuple[float, float, str, str]]:
    """Start, end, speaker and text of every cue of a published transcript."""
    if (path := HERE / f"{name}.json").exists():
        segments = json.loads(path.read_text())["segments"]
        return [(s["startTime"], s["endTime"], s["speaker"], s["body"]) for s in segments]
    found = re.findall(r"^(\S+) --> (\S+)\n<v ([^>]+)>(.+)$", (HERE / f"{name}.vtt").read_text(), re.M)
    return [(_seconds(start), _seconds(end), speaker, text) for start, end, speaker, text in found]


def _seconds(clock: str) -> float:
    hours, minutes, seconds = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def duration(name: str) -> float:
    with av.open(str(HERE / f"{name}.mp3")) as file:
        return float(sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0)))


def test_feed_is_what_the_table_and_the_files_give() -> None:
    assert (HERE / "feed.xml").read_text() == feed(ITEMS, HERE)


def test_feed_has_what_a_podcast_needs(entries: dict[str, Any]) -> None:
    parsed = feedparser.parse((HERE / "feed.xml").read_bytes())
    assert list(entries) == NAMES[::-1]
    assert (parsed.feed.language, parsed.feed.link) == ("en", f"{BASE}/")
    assert parsed.feed.author and parsed.feed.description
    assert len({entry.id for entry in entries.values()}) == len(NAMES)


def test_podcast_guid_is_a_version_5_uuid() -> None:
    channel = etree.parse(HERE / "feed.xml").find("channel")
    assert channel is not None
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f-]{17}[0-9a-f]{4}", channel.findtext(f"{PODCAST}guid") or ""
    )
    assert channel.findtext(f"{PODCAST}locked") == "no"


@pytest.mark.parametrize("name", NAMES)
def test_enclosure_is_the_file(entries: dict[str, Any], name: str) -> None:
    enclosure = entries[name].enclosures[0]
    assert enclosure.href == f"{BASE}/{name}.mp3"
    assert enclosure.type == "audio/mpeg"
    assert int(enclosure.length) == (HERE / f"{name}.mp3").stat().st_size


@pytest.mark.parametrize("name", NAMES)
def test_audio_is_small_mono_and_as_long_as_the_feed_says(entries: dict[str, Any], name: str) -> None:
    with av.open(str(HERE / f"{name}.mp3")) as file:
        stream = file.streams.audio[0]
        assert (stream.codec_context.name, stream.codec_context.channels) == ("mp3float", 1)
        assert stream.bit_rate and stream.bit_rate <= 48_000
        assert file.metadata["title"] == entries[name].title
    assert 180 <= duration(name) <= 360
    assert abs(int(entries[name].itunes_duration) - duration(name)) <= 1


def test_everything_together_is_small() -> None:
    assert sum(path.stat().st_size for path in HERE.rglob("*") if path.is_file()) < 5_000_000


def test_each_transcript_is_where_the_feed_says() -> None:
    links = etree.parse(HERE / "feed.xml").findall(f".//{PODCAST}transcript")
    kinds = {str(link.get("url")).removeprefix(f"{BASE}/"): link.get("type") for link in links}
    assert kinds == {"canopy.vtt": "text/vtt", "bread.json": "application/json"}
    assert all((HERE / name).is_file() for name in kinds)
    assert {path.name for path in HERE.glob("sleep.*")} == {"sleep.mp3"}


@pytest.mark.parametrize("name", PUBLISHED)
def test_transcript_says_the_script_word_for_word(name: str) -> None:
    said = [f"{speaker}: {word}" for _, _, speaker, text in cues(name) for word in text.split()]
    turns = [turn.partition(": ") for turn in script(name).splitlines() if turn]
    assert said == [f"{speaker}: {word}" for speaker, _, text in turns for word in text.split()]


@pytest.mark.parametrize("name", PUBLISHED)
def test_transcript_times_run_forward_and_cover_the_audio(name: str) -> None:
    times = [(start, end) for start, end, _, _ in cues(name)]
    assert all(start < end for start, end in times)
    assert all(end <= later for (_, end), (later, _) in pairwise(times))
    assert 0.85 * duration(name) <= times[-1][1] <= duration(name)
    assert sum(end - start for start, end in times) >= 0.8 * duration(name)


@pytest.mark.parametrize("name", PUBLISHED)
def test_cues_are_spoken_and_the_time_between_sections_is_silent(name: str) -> None:
    loud = _loudness(name)
    for before, after in pairwise(cues(name)):
        assert loud(before[0], before[1]) > 0.01
        if after[0] - before[1] > 0.9:
            assert loud(before[1] + 0.15, after[0] - 0.15) < 0.005


def _loudness(name: str) -> Any:
    """Root mean square of a stretch of an episode's sound, 1.0 being the loudest there is."""
    import numpy as np

    with av.open(str(HERE / f"{name}.mp3")) as file:
        frames = list(file.decode(audio=0))
    sound, rate = np.concatenate([frame.to_ndarray()[0] for frame in frames]), frames[0].sample_rate
    return lambda start, end: float(np.sqrt(np.mean(sound[int(start * rate) : int(end * rate)] ** 2)))


@pytest.mark.parametrize("name", NAMES)
def test_reference_quotes_the_script_outside_sponsor_and_chit_chat(name: str) -> None:
    episode = REFERENCE[name]
    lines = [line.text for line in parse(script(name))]
    for entry in [*episode["insights"], *(qa for qa in episode["qa"] if "quote" in qa)]:
        assert sum(entry["quote"] in text for text in lines) == 1
        assert all(
            entry["end"] <= stretch["start"] or entry["start"] >= stretch["end"]
            for stretch in episode["non_content"]
        )


@pytest.mark.parametrize("name", PUBLISHED)
def test_reference_times_are_those_of_the_transcript(name: str) -> None:
    starts = {text: start for start, _, _, text in cues(name)}
    for entry in [*REFERENCE[name]["insights"], *REFERENCE[name]["non_content"]]:
        words = entry.get("quote") or entry["from"]
        start = next(at for text, at in starts.items() if words in text)
        assert entry["start"] == pytest.approx(start, abs=0.02)


def test_script_becomes_sentences_with_longer_pauses_where_the_talk_moves_on() -> None:
    lines = parse("Ann: One costs $1.50. Two?\nBen: Yes!\n\nAnn: Next.\n")
    assert [(line.speaker, line.text) for line in lines] == [
        ("Ann", "One costs $1.50."),
        ("Ann", "Two?"),
        ("Ben", "Yes!"),
        ("Ann", "Next."),
    ]
    assert lines[1].pause_s < lines[2].pause_s < lines[3].pause_s == lines[0].pause_s


def test_a_turn_without_a_speaker_is_named() -> None:
    with pytest.raises(ValueError, match=r"no speaker.*Name: words"):
        parse("Ann: Hello.\nno one says this")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("It's $6.40, not $7.", "It's 6 dollars 40, not 7 dollars."),
        ("In 2019 and 2026", "In twenty 19 and twenty 26"),
        ("the 1930s", "the nineteen thirties"),
        ("108 cities, 94 percent", "108 cities, 94 percent"),
    ],
)
def test_numbers_are_spoken_as_people_say_them(written: str, said: str) -> None:
    assert spoken(written) == said


def test_transcript_forms() -> None:
    cue = Segment(start=59.9996, end=3725.25, speaker="Ann", text="Café, $6.40.")
    assert vtt([cue]) == "WEBVTT\n\n00:01:00.000 --> 01:02:05.250\n<v Ann>Café, $6.40.\n"
    only = {"speaker": "Ann", "startTime": 60.0, "endTime": 3725.25, "body": "Café, $6.40."}
    assert json.loads(podcasting_json([cue])) == {"version": "1.0.0", "segments": [only]}


@pytest.mark.parametrize("missing", ["piper", "voice"])
def test_making_says_what_is_missing(
    missing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (HERE / "feed.xml").stat().st_mtime_ns
    piper = str(tmp_path / "piper") if missing == "piper" else "true"
    assert main(["--voice", str(tmp_path / "no.onnx"), "--piper", piper]) == 1
    told = capsys.readouterr().err
    assert any(words in told for words in (NEEDS["piper"], NEEDS["sox"], "--voice"))
    assert (HERE / "feed.xml").stat().st_mtime_ns == before


def test_episodes_are_dated_in_order() -> None:
    days = [item.published_at for item in ITEMS]
    assert days == sorted(days)
    assert days[0] >= datetime(2026, 11, 1, tzinfo=UTC)
