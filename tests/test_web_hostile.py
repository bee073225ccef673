"""Whatever stands in a feed or a transcript is text on our pages, in our feeds and in our files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import quote
from xml.etree import ElementTree as ET

from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from adapters.web.rss import DC
from bot import export
from bot.domain import Channel, Digest, Reading, SetAside, Transcript
from tests.web_kit import Library, insight, sentence

NASTY = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "' onmouseover='alert(1)",
    "</p></div></main><iframe src=//evil.example>",
    "{{ 7 * 7 }}{% raw %}",
    "]]></description><item>",
    "&lt;b&gt; &amp;amp; &#0;",
    "[click](javascript:alert(1)) **bold** `code` # heading",
    "---\ntitle: mine\n---",
    "[[note]] ==mark== %%gone%% $x$ ^block #tag",
    "=HYPERLINK(\"http://evil.example\")",
    "1. list\n- list\n+ list\n> quote\n    code",
    "\x0b\x1b[31m\u202e\ufffe",
    "<!--", "-->", "\\", "`", "~~~", "***", "___", "!", "1)", "- [ ] task", "<https://evil.example>",
)  # fmt: skip
anything = st.one_of(
    st.sampled_from(NASTY),
    st.lists(st.sampled_from(NASTY), min_size=2, max_size=3).map(" ".join),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60),
)
PLAIN = "word"


def library_of(text: str) -> tuple[Library, Digest]:
    """A library that says `text` wherever a publisher or a speaker can say something."""
    library = Library()
    library.channel = library.store.save_channel(Channel(title=text))
    feed = library.follow("https://feeds.example/other", title=text, link=f"javascript:{text}")
    said = tuple(sentence(n, text, text) for n in range(3))
    made = Reading(sentences=said, passages=(), set_aside=(SetAside(kind="sponsor", first=2, last=2),))
    heard = Transcript(segments=(), language=text, model=text, warnings=(text,))
    episode = library.add(
        feed,
        title=text,
        summary=f"00:00 {text}\n00:11 {text}\n00:21 {text}".replace("\n\n", " "),
        link=f"https://x.example/{text}",
        made=made,
        transcript=heard,
        insights=[insight(headline=text, text=text, quote=PLAIN, speaker=text, start=11.0)],
    )
    return library, library.post(episode)


class Skeleton(HTMLParser):
    """Which elements with which attributes there are, and in what they stand: all but texts and values."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.shape: list[tuple[object, ...]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = tuple(sorted(name for name, _ in attrs))
        scheme = [v.partition(":")[0] for n, v in attrs if n in ("href", "src") and v and ":" in v[:12]]
        self.shape.append((tag, names, *(s if s in ("http", "https") else "other" for s in scheme)))

    def handle_endtag(self, tag: str) -> None:
        self.shape.append(("/", tag))

    def handle_comment(self, data: str) -> None:
        self.shape.append(("comment",))

    def handle_decl(self, decl: str) -> None:
        self.shape.append(("declaration",))

    def handle_pi(self, data: str) -> None:
        self.shape.append(("instruction",))


def shapes(text: str) -> dict[str, list[tuple[object, ...]]]:
    library, digest = library_of(text)
    pick, client = digest.picks[0], library.client()
    kinds = {
        "episode": pick.episode.id,
        "digest": digest.id,
        "show": pick.episode.feed_id,
        "channel": library.channel.id,
    }
    answers = {kind: client.get(library.pages.path(kind, id_)) for kind, id_ in kinds.items()}  # type: ignore[arg-type]
    assert {answer.status_code for answer in answers.values()} == {200}
    return {kind: Skeleton(answer.text).shape for kind, answer in answers.items()}


BENIGN = shapes(PLAIN)


@settings(deadline=None)
@given(text=anything)
@example(text=" ".join(NASTY))
def test_no_tag_and_no_attribute_escapes(text: str) -> None:
    found = shapes(text)
    # Show notes may hold no chapters any more, which takes tags away and adds none.
    assert {kind: shape for kind, shape in found.items() if kind != "episode"} == {
        kind: shape for kind, shape in BENIGN.items() if kind != "episode"
    }
    assert set(found["episode"]) <= set(BENIGN["episode"])


@settings(deadline=None)
@given(text=anything)
@example(text="W")
def test_what_is_searched_for_is_text_too(text: str) -> None:
    library, digest = library_of(PLAIN)
    path = library.pages.path("episode", digest.picks[0].episode.id)
    answer = library.client().get(path, params={"q": text})
    shape = Skeleton(answer.text).shape
    told = [("div", ("class", "role")), ("/", "div"), ("p", ()), ("/", "p")]
    known = [
        *BENIGN["episode"],
        *told,
        ("ol", ("class",)),
        ("mark", ()),
        ("/", "mark"),
        ("b", ()),
        ("/", "b"),
    ]
    assert set(shape) <= {
        *known,
        ("span", ("dir",)),
        ("span", ("class", "data-t", "id")),
        ("details", ("class", "open")),
    }


@settings(deadline=None)
@given(text=anything)
@example(text="\x0b\x1b[31m\ufffe")
def test_the_feed_stays_well_formed_and_its_markup_ours(text: str) -> None:
    library, _ = library_of(text)
    path = library.pages.path("channel", library.channel.id)
    root = ET.fromstring(library.client().get(f"{path}/feed.xml").content)
    items = root.findall("channel/item")
    assert len(items) == 1
    assert [child.tag for child in items[0]] == [
        "title", "link", "guid", "pubDate", "description", f"{{{DC}}}creator"
    ]  # fmt: skip
    described = Skeleton(items[0].findtext("description") or "").shape
    assert [part[:2] for part in described if part[0] != "/"] == [
        ("p", ()), ("blockquote", ()), ("p", ()), ("p", ()), ("a", ("href",))
    ]  # fmt: skip


SERVED, _ = library_of(PLAIN)
CLIENTS = (SERVED.client(), SERVED.client(is_public=True))
pieces = st.one_of(
    st.sampled_from(["e", "d", "s", "c", "static", "1", "2", "feed.xml", "insights.md", "..", "%"]), anything
)


@settings(deadline=None)
@given(path=st.lists(pieces, max_size=5), query=anything)
def test_any_address_is_answered(path: list[str], query: str) -> None:
    asked = "/" + "/".join(quote(piece, safe="") for piece in path)
    for client in CLIENTS:
        answer = client.get(asked, params={"q": query, "page": query})
        assert answer.status_code in (200, 404), asked


def flat(tokens: list[Token]) -> list[tuple[str, str]]:
    """Which Markdown constructs there are, inside paragraphs too; runs of text count as one."""
    found: list[tuple[str, str]] = []
    for token in tokens:
        for part in (token, *(token.children or ())):
            shape = (part.type, part.tag)
            if part.type in ("text", "text_special", "inline"):
                continue
            found.append(shape)
    return found


def visible(tokens: list[Token]) -> str:
    return " ".join(
        "".join(part.content for part in token.children or ()) for token in tokens if token.type == "inline"
    )


def note(text: str) -> str:
    _, digest = library_of(text)
    return export.markdown(text, [digest]).split("\n---\n", 1)[1]


@settings(deadline=None)
@given(text=anything)
@example(text=" ".join(NASTY))
def test_markdown_shows_it_as_it_was_said(text: str) -> None:
    parser: Callable[[str], list[Token]] = MarkdownIt("gfm-like", {"linkify": False}).parse
    tokens = parser(note(text))
    if text.split():
        assert flat(tokens) == flat(parser(note(PLAIN)))
        assert " ".join(text.split()) in " ".join(visible(tokens).split())


@settings(deadline=None)
@given(text=anything)
def test_front_matter_is_one_value_a_line(text: str) -> None:
    _, digest = library_of(text)
    lines = export.markdown(text, [digest]).split("\n---\n", 1)[0].split("\n")
    assert [line.partition(":")[0] for line in lines] == ["---", "title", "date", "tags", "shows", "insights"]
    assert json.loads(lines[1].partition(":")[2]) == text


@settings(deadline=None)
@given(text=anything)
def test_csv_has_its_columns_and_no_formula(text: str) -> None:
    _, digest = library_of(text)
    rows = list(csv.reader(io.StringIO(export.readwise(text, [digest]), newline="")))
    assert tuple(rows[0]) == export.COLUMNS
    assert [len(row) for row in rows] == [7, 7]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
