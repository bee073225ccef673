"""What leaves the pages: the feed of a channel, and files for notes and for Readwise."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree as ET

import feedparser
import pytest

from bot import export
from tests.golden_digest import DIGEST
from tests.web_kit import SEALED, Library, insight

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def library() -> Library:
    return Library()


def feed_path(library: Library) -> str:
    return f"{library.pages.path('channel', library.channel.id)}/feed.xml"


def test_a_feed_reader_gets_each_insight_once_latest_first(library: Library) -> None:
    first, second = library.add(), library.add(title="Salt", insights=[insight(headline="Salt keeps bread")])
    library.post(first)
    library.post(second, day=1)
    answer = library.client().get(feed_path(library))
    assert answer.headers["content-type"] == "application/rss+xml; charset=utf-8"
    read = feedparser.parse(answer.content)
    assert not read.bozo and read.version == "rss20"
    assert read.feed.title == "Insights for reading-room"
    assert [entry.title for entry in read.entries] == ["Salt keeps bread", insight().headline]
    assert len({entry.id for entry in read.entries}) == 2
    assert read.entries[1].published_parsed[:4] == (2026, 11, 24, 7)
    assert "Flour is ten percent of it." in read.entries[1].summary
    assert read.entries[1].author == "Bread Talk"


def test_it_is_valid_rss(library: Library) -> None:
    """What the specification and its best-practices profile ask for, element by element."""
    library.post(library.add())
    content = library.client().get(feed_path(library)).content
    root = ET.fromstring(content)
    channel = root.find("channel")
    assert content.startswith(b"<?xml") and root.attrib == {"version": "2.0"} and channel is not None
    assert all(channel.findtext(name) for name in ("title", "link", "description", "lastBuildDate"))
    own = channel.find(f"{ATOM}link")
    assert own is not None and own.attrib["rel"] == "self"
    assert own.attrib["href"] == f"https://ear.example{feed_path(library)}"
    for item in channel.findall("item"):
        assert item.findtext("link", "").startswith("https://ear.example/e/")
        assert parsedate_to_datetime(item.findtext("pubDate", "")).utcoffset() is not None
        guid = item.find("guid")
        assert guid is not None and guid.attrib == {"isPermaLink": "false"} and guid.text


def test_a_guid_outlives_a_new_key_and_a_new_address(library: Library) -> None:
    library.post(library.add())
    before = feedparser.parse(library.client().get(feed_path(library)).content).entries[0]
    library.pages = replace(library.pages, base="https://moved.example", key=lambda: b"z")
    after = feedparser.parse(library.client().get(feed_path(library)).content).entries[0]
    assert (before.id, before.link == after.link) == (after.id, False)


def test_what_has_not_changed_is_not_sent_again(library: Library) -> None:
    client, path = library.client(), feed_path(library)
    tag = client.get(path).headers["etag"]
    again = client.get(path, headers={"If-None-Match": f'W/"x", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    library.post(library.add())
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_without_a_public_address_links_lead_to_where_it_was_asked(library: Library) -> None:
    library.post(library.add())
    library.pages = replace(library.pages, base="")
    read = feedparser.parse(library.client().get(feed_path(library)).content)
    assert read.entries[0].link.startswith("http://testserver/e/")


def test_private_audio_is_in_no_feed_and_no_file(library: Library) -> None:
    private = library.follow("https://feeds.example/~0123456789", title="Members", sealed="gAAAA-feed")
    digest = library.post(library.add(private, enclosure=SEALED, link=""))
    client = library.client()
    paths = [feed_path(library), f"{library.pages.path('digest', digest.id)}/insights.md"]
    for path in paths:
        assert "cdn.example" not in client.get(path).text
    assert export.address(digest.picks[0], None) == ""


@pytest.mark.parametrize(("ending", "mime"), [("md", "text/markdown"), ("csv", "text/csv")])
def test_files_are_downloaded_under_a_name(library: Library, ending: str, mime: str) -> None:
    digest = library.post(library.add())
    client = library.client()
    of_digest = client.get(f"{library.pages.path('digest', digest.id)}/insights.{ending}")
    of_channel = client.get(f"{library.pages.path('channel', library.channel.id)}/insights.{ending}")
    assert of_digest.headers["content-disposition"] == f'attachment; filename="earmark-2026-11-24.{ending}"'
    assert {a.headers["content-type"] for a in (of_digest, of_channel)} == {f"{mime}; charset=utf-8"}
    assert all("Flour is ten percent of it." in answer.text for answer in (of_digest, of_channel))
    other = client.get(f"{library.pages.path('digest', digest.id)}/insights.exe")
    assert other.status_code == 404


def test_a_note_for_obsidian() -> None:
    note = export.markdown("Insights for reading-room", [DIGEST])
    front, body = note.split("\n---\n", 1)
    assert front.splitlines()[1:4] == [
        'title: "Insights for reading-room"',
        'date: "2026-11-24"',
        'tags: ["podcasts", "insights"]',
    ]
    assert "insights: 5" in front and "夜のラジオ" in front
    assert "## Tuesday 24 November 2026" in body
    assert "> “Flour is ten percent. People never believe me, but flour is ten percent.” — Ana Sousa" in body
    link = "[The Baker's Dozen · What a loaf costs \\& why · 12:31](<https://baker.example/episodes/12>)"
    assert link in body
    assert "Ship \\*It\\* \\<Fast\\>" in body and "javascript" not in body


def test_readwise_takes_the_quote_as_highlight_and_the_claim_as_its_note() -> None:
    rows = list(csv.DictReader(io.StringIO(export.readwise("any", [DIGEST]), newline="")))
    assert len(rows) == 5
    assert tuple(rows[0]) == ("Highlight", "Title", "Author", "URL", "Note", "Location", "Date")
    first, untimed = rows[0], rows[1]
    assert first["Highlight"].startswith("Flour is ten percent.")
    assert (first["Author"], first["Location"]) == ("The Baker's Dozen", "751")
    assert first["Note"].startswith(
        "Flour is a tenth of what a loaf costs; wages are a half\nAna Sousa breaks"
    )
    assert (first["Date"], untimed["Location"]) == ("2026-11-24 07:00:00", "")


def test_what_would_open_something_in_markdown_or_a_spreadsheet_is_made_harmless() -> None:
    assert export.escaped("1. [[a]] ==b== %%c%% #d") == r"1\. \[\[a\]\] \=\=b\=\= \%\%c\%\% \#d"
    assert export.escaped("- a\n\n+ b") == r"\- a + b"
    assert export.escaped("100% of a = b, 3.5") == "100% of a = b, 3.5"
    pick = DIGEST.picks[0]
    formula = replace(pick, insight=replace(pick.insight, quote="=SUM(A1)"))
    assert "'=SUM(A1)" in export.readwise("any", [replace(DIGEST, picks=(formula,))])
