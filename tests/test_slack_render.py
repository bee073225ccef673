"""What Slack gets to show: documented limits, no ping, no foreign link, nothing lost but by shrinking."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.slack import limits
from adapters.slack.render import ROOMS, WHOLE, Message, rendered, size_bytes
from bot import digest
from bot.inert import one_line, shortened, web_link
from bot.views import Button, Heading, Item, Part, Place, Quote, Reference, Text, View
from tests.golden_digest import DIGEST
from tests.slack_rules import broken_rules, links, texts

GOLDEN = Path(__file__).parent / "golden" / "slack_digest.json"

HOSTILE = (
    "<!channel> free",
    "<@U012ABCDEF>",
    "@here & @everyone",
    "*bold* _it_ ~gone~ `code`",
    "> quote\n>>> more",
    "http://evil.example/x",
    "mailto:a@b.example",
    "<https://evil.example|bank>",
    ":tada: :+1:",
    "#general",
    "مختبر: لماذا 42؟",
    "\u202egnp.exe",
    "\u2067unclosed",
    "夜のラジオ。眠りの科学！",
    "👩‍👩‍👧‍👦 e\u0301\u0301",
    "\x00\x1b[31m",
    "\u2028new",
    "a" * 400,
    "word " * 700,
    "One. Two! Three? " * 60,
    "字" * 2000,
    "&lt;b&gt; &amp; <b>",
    "ไม่มีช่องว่าง" * 30,
)
text = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=300),
    st.lists(st.sampled_from(HOSTILE), max_size=5).map(" ".join),
)
address = st.sampled_from(
    [
        "",
        "https://ok.example/a?b=c&d=é#t=12",
        "javascript:alert(1)",
        "https://ok.example/a b",
        "http://[",
        "HTTP://OK.example",
        'https://ok.example/|<>"',
        "https:///nohost",
        "https://ok.example/" + "x" * 2500,
        "data:text/html,x",
    ]
)
places = st.builds(Place, source=text, moment=st.sampled_from(["", "1:02"]), page=address, link=address)
items = st.builds(
    Item,
    also=st.lists(places, max_size=3).map(tuple),
    more=st.integers(0, 9),
    follows=st.none() | st.builds(Reference, when=text, headline=text, link=address),
    number=st.integers(1, 10),
    headline=text,
    text=text,
    quote=text,
    by=text,
    source=text,
    moment=st.sampled_from(["", "1:02"]),
    page=address,
    link=address,
)
buttons = st.builds(
    Button,
    label=text.filter(lambda t: bool(one_line(t))),
    command=st.text(min_size=1, max_size=80),
    item=st.integers(0, 10),
    minor=st.booleans(),
    replace=st.booleans(),
    danger=st.booleans(),
)
parts: st.SearchStrategy[Part] = st.one_of(
    st.builds(Heading, text=text),
    st.builds(Text, text=text, quiet=st.booleans()),
    items,
    st.builds(Quote, text=text, by=text, link=address),
    buttons,
)
views = st.builds(View, parts=st.lists(parts, max_size=40).map(tuple), digest_id=st.integers(0, 10**9))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(views, st.sampled_from(["", "token"]))
def test_whatever_strangers_write_slack_takes_it_and_nobody_is_pinged(view: View, share: str) -> None:
    message = rendered(view, share)
    assert broken_rules(message.blocks) == []
    assert size_bytes(message.blocks) < limits.MESSAGE_BYTES
    assert not re.search(r"<[^>]*>|&(?!amp;|lt;|gt;)", message.text) and 0 < len(message.text) < 5 * 3100
    made = [part for part in view.parts if isinstance(part, Item)]
    places = [place for item in made for place in (item, *item.also)]
    given_links = {web_link(url) for place in places for url in (place.page, place.link)}
    given_links |= {web_link(item.follows.link) for item in made if item.follows}
    given_links |= {web_link(part.link) for part in view.parts if isinstance(part, Quote)}
    assert set(links(message.blocks)) <= given_links - {""}
    json.dumps(message.blocks, ensure_ascii=False).encode()


def shown(message: Message) -> str:
    joined = "\n".join(texts(message.blocks))
    return "".join(letter for letter in joined if letter not in "\u2068\u2069")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(items, max_size=4), text)
def test_what_fits_is_all_there(made: list[Item], quiet: str) -> None:
    made = [replace(item, number=n) for n, item in enumerate(made, 1)]
    message = rendered(View(parts=(*made, Text(text=quiet, quiet=True))))
    if size_bytes(message.blocks) < limits.MESSAGE_BYTES / 3:  # far from any need to shrink
        for item in made:
            for given_text, most in ((item.headline, 300), (item.text, WHOLE), (item.quote, WHOLE)):
                assert one_line(given_text) in shown(message) or len(one_line(given_text)) > most


def long_digest(quote: str, count: int = 5) -> View:
    picks = [
        replace(pick, insight=replace(pick.insight, quote=quote), episode=replace(pick.episode))
        for pick in (DIGEST.picks * 2)[:count]
    ]
    return digest.view(replace(DIGEST, picks=tuple(picks)))


def test_quotes_shrink_first_and_at_sentence_ends() -> None:
    view = long_digest(" ".join(f"This is sentence number {n} of a long speech." for n in range(60)))
    message = rendered(view)
    quotes = [text for text in texts(message.blocks) if text.startswith("“")]
    assert len(quotes) == 5 and all(
        re.match(r"“(This is sentence number \d+ of a long speech\. ?)+”", q) for q in quotes
    )
    for item in (part for part in view.parts if isinstance(part, Item)):
        assert item.text in shown(message) and item.headline in shown(message)


def test_ten_insights_fit_with_their_texts() -> None:
    view = long_digest("Flour is ten percent. People never believe me, but it is.", 10)
    message = rendered(view)
    assert size_bytes(message.blocks) < limits.MESSAGE_BYTES
    for item in (part for part in view.parts if isinstance(part, Item)):
        assert item.text in shown(message) and item.quote in shown(message)
    assert sum(block["type"] == "actions" for block in message.blocks) == 10


@given(st.text(max_size=200), st.integers(0, 200))
def test_shortened_never_grows_nor_invents(given_text: str, limit: int) -> None:
    short = shortened(given_text, limit)
    assert len(short) <= limit or short == given_text
    assert given_text.startswith(short.removesuffix("…").rstrip()) or short == given_text


@pytest.mark.parametrize(
    ("full", "limit", "short"),
    [
        ("Trees cool. Roads don't. Roofs might.", 30, "Trees cool. Roads don't."),
        ("Trees cool whole blocks of houses", 15, "Trees cool…"),
        ("A. " + "many words follow here and there", 25, "A. many words follow…"),
        ("眠りの科学。昼寝は三時まで。", 8, "眠りの科学。"),
        ("眠りの科学と昼寝は三時まで", 6, "眠りの科学…"),
        ("abcdefghij", 5, "abcd…"),
        ("e\u0301e\u0301e\u0301", 4, "e\u0301…"),
        ("short", 5, "short"),
        ("It costs 3.5 million and more, they say", 14, "It costs 3.5…"),
    ],
)  # fmt: skip
def test_cuts_lie_between_sentences_or_words(full: str, limit: int, short: str) -> None:
    assert shortened(full, limit) == short


def test_buttons_carry_their_line_digest_and_kind() -> None:
    view = View(
        parts=(
            Item(number=2, headline="H", text="T", quote="", by="", source="S"),
            Button(label="Stop", command="/podcasts remove 1 yes", replace=True, danger=True),
            Button(label="👍 Useful", command="/rate 2 useful", item=2, minor=True),
        ),
        digest_id=42,
    )
    item, own, others, share = rendered(view, "abc").blocks
    assert item["type"] == "rich_text"
    assert own["block_id"].startswith("42.") and own["elements"][0]["action_id"] == "run.0"
    assert own["elements"][0]["accessibility_label"] == "Insight 2: Useful"
    assert others["elements"][0]["action_id"] == "replace.0" and others["elements"][0]["style"] == "danger"
    assert share["elements"][0] | {"text": 0} == {
        "type": "button",
        "action_id": "share.0",
        "text": 0,
        "value": "abc",
    }


def test_who_said_a_quote_is_the_way_to_where_it_was_said() -> None:
    [block] = rendered(View(parts=(Quote(text="Shade.", by="Ann", link="https://a.example/e#t=1"),))).blocks
    assert list(links(block)) == ["https://a.example/e#t=1"]
    assert "“Shade.” — Ann" in "".join(texts(block))


def test_rooms_only_shrink() -> None:
    assert all(a.text >= b.text and a.minor >= b.minor for a, b in pairwise(ROOMS))


def test_golden_digest() -> None:
    message = rendered(digest.view(DIGEST))
    assert {"text": message.text, "blocks": message.blocks} == json.loads(GOLDEN.read_text("utf-8"))
