"""Published transcripts: five formats as publishers write them, and whether they are whole."""

from __future__ import annotations

import contextlib
import html
import json
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import Episode, Segment, Transcript, TranscriptLink
from bot.errors import FetchError, NoTranscript, TranscriptError
from bot.transcribe.published import PublishedTranscriber, parse, ranked, shortfall


def said(transcript: Transcript) -> list[tuple[str, str]]:
    return [(segment.speaker, segment.text) for segment in transcript.segments]


VTT = """WEBVTT - a title
Language: en-GB

STYLE
::cue { color: red }

NOTE 00:00 is not a cue

1
00:01.000 --> 00:02.500 align:start position:0%
<v.loud Ann Lee>Hello &amp; <i>welcome</i>.</v>

00:00:02.500 --> 00:00:04,000
It's <00:00:03.000><c>me</c>
again.

01:00:00.000 --> 01:00:01.000
<v Bob>Hi. <v Ann Lee>Bye.
"""


def test_vtt_voices_hold_until_another_speaks() -> None:
    transcript = parse(VTT.encode(), "text/vtt")
    assert said(transcript) == [
        ("Ann Lee", "Hello & welcome."),
        ("Ann Lee", "It's me again."),
        ("Bob", "Hi."),
        ("Ann Lee", "Bye."),
    ]
    assert [(s.start, s.end) for s in transcript.segments] == [(1, 2.5), (2.5, 4), (3600, 3601), (3600, 3601)]
    assert (transcript.language, transcript.model, transcript.duration_s) == ("en-GB", "vtt", 3601)


SRT = """1
00:00:00,179 --> 00:00:02,399
Travis: When you first get
started, it's

2
00:00:02,400 --> 00:00:04,799
easy. One thing: don't stop.

3
00:00:05,000 --> 00:00:06,000
<b>Sarah</b>: Right.
"""


def test_srt_prefixes_are_speakers() -> None:
    assert said(parse(SRT.encode(), "application/x-subrip")) == [
        ("Travis", "When you first get started, it's"),
        ("Travis", "easy. One thing: don't stop."),
        ("Sarah", "Right."),
    ]


def test_a_colon_in_a_sentence_is_no_speaker() -> None:
    text = SRT.replace("Travis: ", "").replace("<b>Sarah</b>", "Warning")
    assert said(parse(text.encode(), ""))[2] == ("", "Warning: Right.")


def test_rolling_captions_say_everything_once() -> None:
    lines = [
        "we talk about trees",
        "we talk about trees and why they cool",
        "and why they cool the whole city",
    ]
    cues = "\n\n".join(f"00:0{at}.000 --> 00:0{at + 1}.000\n{line}" for at, line in enumerate(lines))
    assert parse(f"WEBVTT\n\n{cues}".encode()).text == "we talk about trees and why they cool the whole city"


def test_what_is_said_twice_on_purpose_stays() -> None:
    cues = "\n\n".join(f"00:{at:02}.000 --> 00:{at + 1:02}.000\nno, no" for at in range(3))
    assert len(parse(f"WEBVTT\n\n{cues}".encode()).segments) == 3


def test_json_with_single_words_becomes_runs_of_a_speaker() -> None:
    rows = [("A", 0, "I"), ("A", 1, "know."), ("A", 2, "Do"), ("A", 3, "you?"), ("B", 4, "No.")]
    segments = [{"speaker": s, "startTime": t, "endTime": t + 0.5, "body": b} for s, t, b in rows]
    transcript = parse(json.dumps({"version": "1.0.0", "segments": segments}).encode())
    assert said(transcript) == [("A", "I know."), ("A", "Do you?"), ("B", "No.")]
    assert transcript.segments[1].start == 2 and transcript.segments[1].end == 3.5
    assert [word.text for word in transcript.segments[1].words] == ["Do", "you?"]


def test_json_with_holes_in_it() -> None:
    body = {
        "segments": [{"body": "No times here."}, {"startTime": "1.5", "body": "A number as text."}, 7, {}]
    }
    first, second = parse(json.dumps(body).encode()).segments
    assert (first.start, first.end, first.speaker) == (None, None, "")
    assert (second.start, second.end) == (1.5, 1.5)


HTML = """<html><head><title>x</title><style>p {}</style></head><body><!-- hi -->
<cite>Ann &amp; Bob:</cite><time>0:00</time><p>One &lt;two&gt;.</p><p>Three</p>
<cite>Cy</cite> <time>1:02:03</time> <p>Four<br>five</p><script>no()</script></body></html>"""


def test_html_has_speakers_and_claims_no_times() -> None:
    transcript = parse(HTML.encode(), "text/html")
    assert said(transcript) == [("Ann & Bob", "One <two>."), ("Ann & Bob", "Three"), ("Cy", "Four five")]
    assert transcript.duration_s is None and all(s.start is None for s in transcript.segments)


def test_plain_text_with_and_without_times() -> None:
    timed = parse(b"00:00:05 Ann: Hello there.\n\n[01:00] Bob: Hi.\n", "text/plain")
    assert said(timed) == [("Ann", "Hello there."), ("Bob", "Hi.")]
    assert [(s.start, s.end) for s in timed.segments] == [(5, 60), (60, 60.8)]
    bare = parse(b"Ann: Hello there.\n\nIt is 10:30 now.\n")
    assert said(bare) == [("Ann", "Hello there."), ("Ann", "It is 10:30 now.")] and bare.duration_s is None


@pytest.mark.parametrize("mime", ["text/html", "application/octet-stream", "application/json", ""])
def test_a_wrong_mime_type_doesnt_matter(mime: str) -> None:
    assert parse(VTT.encode(), mime).model == "vtt"
    assert parse(SRT.encode(), mime).model == "srt"
    assert parse(HTML.encode(), mime).model == "html"
    assert parse(b'\xef\xbb\xbf{"segments": [{"body": "Hi."}]}', mime).model == "json"


def test_old_encodings_are_read() -> None:
    assert parse("Über Bäume".encode("cp1252"), "text/plain").text == "Über Bäume"
    assert parse(VTT.encode("utf-16")).model == "vtt"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  \n",
        b"WEBVTT\n\n",
        b'{"chapters": []}',
        b'{"segments": [',
        b"<rss><channel/></rss>",
        b"\0\1\2" * 9,
    ],
)
def test_rubbish_is_a_clear_error(body: bytes) -> None:
    with pytest.raises(TranscriptError, match="transcript"):
        parse(body)


@given(
    st.binary(max_size=300),
    st.sampled_from(["text/vtt", "application/srt", "application/json", "text/html", ""]),
)
def test_any_bytes_give_text_or_a_transcript_error(body: bytes, mime: str) -> None:
    for prefix in (b"", b"WEBVTT\n\n00:01.000 --> 00:02.000\n"):
        with contextlib.suppress(TranscriptError):
            assert parse(prefix + body, mime).segments


@dataclass
class Page:
    body: bytes


class FakeFetcher:
    def __init__(self, pages: dict[str, bytes]) -> None:
        self.pages, self.asked = pages, []

    def get(self, url: str, *, sealed: str = "", max_bytes: int = 0) -> Page:
        self.asked.append((url, sealed))
        if url not in self.pages:
            raise FetchError(f"{url} answers 404")
        return Page(self.pages[url])


def link(url: str, mime: str = "", language: str = "") -> TranscriptLink:
    return TranscriptLink(url=url, mime_type=mime, language=language, sealed=f"sealed {url}")


def long_vtt(minutes: int, *, skip: range = range(0)) -> bytes:
    cues = [
        f"00:{m:02}:00.000 --> 00:{m:02}:59.000\nMinute {m} of it." for m in range(minutes) if m not in skip
    ]
    return ("WEBVTT\n\n" + "\n\n".join(cues)).encode()


def test_the_best_format_in_the_episodes_language_is_taken() -> None:
    links = (
        link("a.txt", "text/plain"),
        link("de.json", "application/json", "de"),
        link("en.vtt", "text/vtt", "en-us"),
        link("en.json", "application/json", "en"),
        link("x.srt", "application/x-subrip"),
        link("odd", "application/octet-stream"),
    )
    episode = Episode(title="One", transcripts=links, language="en-GB", duration_s=600)
    assert [each.url for each in ranked(episode)] == ["en.json", "en.vtt", "x.srt", "a.txt", "odd"]
    fetcher = FakeFetcher({"en.json": b'{"segments": []}', "en.vtt": long_vtt(10)})
    transcript = PublishedTranscriber(fetcher).transcribe(episode)
    assert (transcript.model, transcript.language, transcript.source) == ("vtt", "en-us", "publisher")
    assert fetcher.asked == [("en.json", "sealed en.json"), ("en.vtt", "sealed en.vtt")]


def test_a_translation_is_taken_when_there_is_nothing_else() -> None:
    episode = Episode(title="One", transcripts=(link("de.vtt", "text/vtt", "de"),), language="en")
    assert PublishedTranscriber(FakeFetcher({"de.vtt": long_vtt(3)})).transcribe(episode).language == "de"


@pytest.mark.parametrize(
    ("pages", "duration", "why"),
    [
        ({}, 600, "answers 404"),
        ({"a.vtt": long_vtt(8)}, 600, "covers only 80%"),
        ({"a.vtt": long_vtt(30, skip=range(5, 20))}, 1800, "covers only 50%"),
        (
            {"a.vtt": b"Show notes: ten words about what we talked about today."},
            600,
            "too few for 10 minutes",
        ),
        ({"a.vtt": b"<rss/>"}, 600, "leads to XML"),
    ],
)
def test_what_isnt_the_whole_episode_is_not_taken(pages: dict[str, bytes], duration: float, why: str) -> None:
    episode = Episode(title="One", transcripts=(link("a.vtt", "text/vtt"),), duration_s=duration)
    with pytest.raises(NoTranscript, match=why):
        PublishedTranscriber(FakeFetcher(pages)).transcribe(episode)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"segments": [{"startTime": 1e999, "endTime": NaN, "body": "Hi there."}]}',
        b'{"segments": [{"startTime": 1e300, "endTime": -5, "body": "Hi \\ud800 there."}]}',
        b'{"segments": [{"startTime": 1' + b"0" * 400 + b', "endTime": 2, "body": "Hi there."}]}',
        b"WEBVTT\n\n" + b"9" * 5000 + b":00:00.000 --> 00:01.000\nHi.\n\n00:01.000 --> 00:02.000\nThere.",
    ],
    ids=["nested", "infinite", "beyond", "huge", "clock"],
)
def test_numbers_that_are_none_are_left_out(body: bytes) -> None:
    with contextlib.suppress(TranscriptError):
        segments = parse(body).segments
        assert all(0 <= (s.start or 0.0) <= (s.end or 0.0) < 1e9 for s in segments)
        assert all(s.text.encode() for s in segments)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>" + b"<script " * 100_000,
        b"<html>" + b"<cite>" * 100_000,
        b"<html>" + b"<" * 1_000_000,
        b"WEBVTT\n\n00:00.000 --> 00:01.000\n" + b"<a" * 500_000,
        b"[" + b",".join([b'{"startTime": 1, "endTime": 2, "body": "a"}'] * 50_000) + b"]",
    ],
    ids=["script", "cite", "<", "tags", "words"],
)
def test_hostile_input_takes_no_more_than_linear_time(body: bytes) -> None:
    began = process_time()
    with contextlib.suppress(TranscriptError):
        parse(body)
    assert process_time() - began < 3  # each took a minute or more


def test_a_name_without_an_end_is_text() -> None:
    page = b"<p>Hello.</p></cite><cite>Ann:</cite><p>Hi.</p><cite></cite><p>Still me.</p><cite>Bob <p>Open."
    assert said(parse(page)) == [
        ("", "Hello."),
        ("Ann", "Hi."),
        ("Ann", "Still me."),
        ("Ann", "Bob"),
        ("Ann", "Open."),
    ]


def test_none_named() -> None:
    with pytest.raises(NoTranscript, match="the feed names none"):
        PublishedTranscriber(FakeFetcher({})).transcribe(Episode(title="One"))


def test_short_pauses_and_unknown_lengths_are_no_shortfall() -> None:
    segments = tuple(Segment(start=m * 60.0, end=m * 60.0 + 9, text="x") for m in range(10))
    transcript = Transcript(segments=segments, duration_s=549)
    assert shortfall(transcript, 600) == "" == shortfall(transcript, None)
    assert "90" not in shortfall(transcript, 700) and shortfall(transcript, 700)


REAL = {
    "podcast-namespace-example.html": ("html", 10, ("Travis", "Sarah", "Gilon")),
    "podcast-namespace-example.json": ("json", 2, ("Darth Vader", "Luke")),
    "podcast-namespace-example.srt": ("srt", 222, ("Travis", "Sarah", "Gilon")),
    "podcast-namespace-example.vtt": ("vtt", 7, ("Sarah", "Gillian")),
    "talkpython-550.txt": ("text", 715, ("",)),
    "talkpython-550.vtt": ("vtt", 715, ("",)),
    "talkpython-558-hyper-team-software-original.vtt": ("vtt", 959, ("Michael Kennedy", "Michael Booth")),
    "whisper-smartphone_fr_20.srt": ("srt", 203, ("",)),
    "whisper-smartphone_fr_20.vtt": ("vtt", 203, ("",)),
    "whisper-smartphone_fr_50.srt": ("srt", 89, ("",)),
}


@pytest.mark.data
@pytest.mark.parametrize("name", REAL)
def test_real_files(data_dir: Path, name: str) -> None:
    transcript = parse((data_dir / "transcript_formats" / name).read_bytes(), "text/html", name)
    speakers = tuple(dict.fromkeys(segment.speaker for segment in transcript.segments))
    assert (transcript.model, len(transcript.segments), speakers) == REAL[name]
    assert not any("<" in s.text or "-->" in s.text or "&#" in s.text for s in transcript.segments)
    starts = [s.start for s in transcript.segments if s.start is not None]
    assert starts == sorted(starts) and len(starts) in (0, len(transcript.segments))


@pytest.mark.data
def test_formats_of_one_episode_say_the_same(data_dir: Path) -> None:
    folder = data_dir / "transcript_formats"
    srt, page = (
        parse((folder / f"podcast-namespace-example.{kind}").read_bytes()).text.split()
        for kind in ("srt", "html")
    )
    assert srt == page


@pytest.mark.data
def test_chapters_are_no_transcript(data_dir: Path) -> None:
    for path in sorted((data_dir / "transcript_formats").glob("*chapters*.json")):
        with pytest.raises(TranscriptError, match="isn't a transcript"):
            parse(path.read_bytes(), "application/json")


@pytest.mark.data
def test_every_annotated_episode_keeps_its_sentences(data_dir: Path) -> None:
    for path in sorted((data_dir / "episodes").glob("*.transcript.json")):
        body = path.read_bytes()
        rows = json.loads(body)["segments"]
        segments = parse(body, "application/json").segments
        assert [(s.speaker, s.text) for s in segments] == [
            (" ".join(r["speaker"].split()), " ".join(html.unescape(r["body"]).split())) for r in rows
        ], path.name
