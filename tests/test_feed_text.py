"""Durations, dates, HTML and sizes as feeds really write them; which file is the audio."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.feeds.media import Offer, choose, kind, why_skipped
from bot.feeds.text import moment, one_line, plain, seconds, size


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1:02:03", 3723.0),
        ("01:02:03.5", 3723.5),
        ("62:03", 3723.0),
        ("0:45", 45.0),
        ("3723", 3723.0),
        ("3723.7", 3723.7),
        (" 3723 ", 3723.0),
        ("PT1H2M3S", 3723.0),
        ("PT45M", 2700.0),
        ("1h 2m 3s", 3723.0),
        ("1 hour, 2 minutes", 3720.0),
        ("62 min", 3720.0),
        ("45 Minutes", 2700.0),
        ("2h", 7200.0),
        ("00:00:00", None),
        ("0", None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1:2:3:4", None),
        ("99999999999", None),
    ],
)
def test_seconds(written: str, expected: float | None) -> None:
    assert seconds(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Fish &amp; Chips", "Fish & Chips"),
        ("Fish &amp;amp; Chips", "Fish & Chips"),
        ("<b>Bold</b> &#8217;quote&#8217;", "Bold ’quote’"),
        ("a < b and c > d", "a < b and c > d"),
        ("one<br/>two<p>three</p>four", "one two three four"),
        ("&lt;p&gt;escaped&lt;/p&gt;", "escaped"),
        ("<script>alert('x')</script>safe<!-- no --><STYLE>p</style >r<script>x</script>", "safer"),
        ("  many\n  spaces ", "many spaces"),
        ("nul\x00", "nul"),
        ('<a href="x">unclosed', "unclosed"),
        ("I <3 trees", "I <3 trees"),
    ],
)
def test_one_line(written: str, expected: str) -> None:
    assert one_line(written) == expected


def test_plain_keeps_lines_and_is_capped_at_a_word() -> None:
    assert plain("<p>One</p><ul><li>a</li><li>b</li></ul>") == "One\n\na\n\nb"
    text = plain("word " * 3000)
    assert len(text) <= 4000 and text.endswith("word…")


@pytest.mark.parametrize("piece", ["<script", "<br", "<!--", "<a ", "&lt;", "<style></script>", "&amp;"])
def test_hostile_text_takes_no_time(piece: str) -> None:
    start = time.process_time()
    plain(piece * 100_000)
    assert time.process_time() - start < 10  # hundredths of a second; what is quadratic takes minutes


@settings(deadline=None)
@given(st.text("<>&;/p!-a lt\n\x00", max_size=60))
def test_plain_never_fails(markup: str) -> None:
    assert "\x00" not in plain(markup)


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("parsed", "written", "expected"),
    [
        (NOON.timetuple(), "", NOON),
        (None, "Sun, 01 Mar 2026 13:00:00 +0100", NOON),
        (None, "Sun, 01 Mar 2026 12:00:00", NOON),
        (None, "next Thursday", None),
        (None, "", None),
        (datetime(1970, 1, 1, tzinfo=UTC).timetuple(), "", None),
        (datetime(9999, 1, 1, tzinfo=UTC).timetuple(), "", None),
        (datetime(2070, 1, 1, tzinfo=UTC).timetuple(), "", datetime(2070, 1, 1, tzinfo=UTC)),
    ],
)
def test_moment(parsed: time.struct_time | None, written: str, expected: datetime | None) -> None:
    assert moment(parsed, written) == expected


@pytest.mark.parametrize(
    ("written", "expected"), [("123", 123), (" 5 ", 5), ("", 0), (None, 0), ("-1", 0), ("1e9", 0), ("٣", 0)]
)
def test_size(written: object, expected: int) -> None:
    assert size(written) == expected


@pytest.mark.parametrize(
    ("url", "mime_type", "expected"),
    [
        ("https://h/a.mp3", "audio/mpeg", "audio"),
        ("https://h/a.mp3", "", "audio"),
        ("https://h/a.MP3?x=1", "application/octet-stream", "audio"),
        ("https://h/a.m4a", "video/mp4", "audio"),
        ("https://h/play?id=5", "audio/x-m4a", "audio"),
        ("https://h/a.mp4", "audio/mp4", "audio"),
        ("https://h/play?id=5", "", "unknown"),
        ("https://h/a.mp4", "", "video"),
        ("https://h/a", "video/mp4", "video"),
        ("https://h/a.jpg", "image/jpeg", "other"),
        ("https://h/a.jpg", "audio/mpeg", "other"),
        ("https://h/a.torrent", "application/x-bittorrent", "other"),
        ("https://h/a", "application/pdf", "other"),
        ("https://[h/a.mp3", "", "unknown"),
    ],
)
def test_kind(url: str, mime_type: str, expected: str) -> None:
    assert kind(Offer(url=url, mime_type=mime_type)) == expected


def test_audio_is_chosen_first_and_then_the_first() -> None:
    offers = [Offer(url=f"https://h/{name}") for name in ("cover.jpg", "a.mp4", "play", "a.mp3", "b.mp3")]
    assert choose(offers) == (offers[3], "audio")
    assert choose(offers[:3]) == (offers[2], "unknown")
    assert choose(offers[:2]) == (offers[1], "video")
    assert choose([]) == (None, "other")


@pytest.mark.parametrize(
    ("medium", "chosen", "episode_type", "words"),
    [
        ("podcast", "audio", "full", ""),
        ("podcast", "unknown", "", ""),
        ("podcast", "audio", "trailer", "trailer"),
        ("podcast", "audio", "bonus", "bonus"),
        ("podcast", "video", "full", "video"),
        ("podcast", "other", "trailer", "no audio"),
        ("music", "audio", "full", "music"),
        ("musicL", "audio", "full", "music"),
        ("film", "audio", "full", "video"),
        ("audiobook", "audio", "full", ""),
    ],
)
def test_why_skipped(medium: str, chosen: str, episode_type: str, words: str) -> None:
    reason = why_skipped(medium, chosen, episode_type)  # type: ignore[arg-type]
    assert words in reason and bool(words) == bool(reason)
