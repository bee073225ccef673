"""What Discord gets to show: documented limits, no ping, no foreign markup, nothing lost but by shrinking."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.discord.items import as_sent
from adapters.discord.limits import units
from adapters.discord.neutral import fitted, inert, with_links
from adapters.discord.render import Message, rendered
from adapters.discord.rows import Choose, Press, rows
from bot import digest
from bot.inert import one_line, shortened, web_link
from bot.views import Button, Heading, Item, Part, Place, Quote, Reference, Text, View, message
from tests.discord_rules import broken_rules, utf16
from tests.golden_digest import DIGEST, PICKS

GOLDEN = Path(__file__).parent / "golden" / "discord_digest.json"
Json = dict[str, Any]

HOSTILE = (
    "<@123456789012345678> <@&1> <#2> <id:browse> </ask:3> <t:1700000000:R> <a:x:1>",
    "@everyone & @here",
    "*b* __u__ ~~s~~ `c` ||x||",
    "> quote\n>>> more",
    "# Title\n## two\n-# small",
    "- a\n+ b\n* c\n1. d\n2) e",
    "[bank](https://evil.example)",
    "https://evil.example/x_y",
    "see <https://evil.example>",
    "steam://run/1 discord.gg/abc",
    ":tada: 12:31:05",
    "مختبر: لماذا 42؟",
    "\u202egnp.exe",
    "\u2067unclosed",
    "夜のラジオ。眠りの科学！",
    "👩‍👩‍👧‍👦 e\u0301\u0301",
    "\x00\x1b[31m",
    "\u2028new",
    "a" * 400,
    "word " * 900,
    "One. Two! Three? " * 90,
    "*" * 3000,
    "字" * 2000,
    "\\",
    "\\*\\",
    "ไม่มีช่องว่าง" * 30,
    "🎧" * 300,
    "```\ncode\n```",
    "https://ok.example/" + "x" * 3000,
)
ADDRESSES = (
    "https://ok.example/a?b=c&d=é#t=12",
    "javascript:alert(1)",
    "https://ok.example/a b",
    "http://[",
    "HTTP://OK.example",
    'https://ok.example/|<>"',
    "https:///nohost",
    "https://ok.example/" + "x" * 2500,
    "data:text/html,x",
    "http://localhost:8000/x",
    "https://bücher.example/",
    "https://user:secret@ok.example/",
    "http://a..b/",
    "https://ok.example:99999/",
)
text = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=300),
    st.lists(st.sampled_from(HOSTILE), max_size=5).map(" ".join),
)
address = st.one_of(st.just(""), st.sampled_from(ADDRESSES))
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
    label=text,
    command=st.text(max_size=79).map("/{}".format),
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


def payload(made: Message) -> Json:
    sent = as_sent(made)
    return {
        "content": sent["content"],
        "embeds": [embed.to_dict() for embed in sent["embeds"]],
        "components": sent["view"].to_components(),
        "allowed_mentions": sent["allowed_mentions"].to_dict(),
    }


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(views, st.booleans())
def test_whatever_strangers_write_discord_takes_it_and_nobody_is_pinged(view: View, share: bool) -> None:
    made = payload(rendered(view, share=share))
    assert broken_rules(made) == []
    given_links = {
        web_link(u) for part in view.parts if isinstance(part, Item) for u in (part.page, part.link)
    }
    shown = {url for e in made["embeds"] for url in (e.get("url"), e.get("author", {}).get("url")) if url}
    assert {url.partition("#")[0] for url in shown} <= {url.partition("#")[0] for url in given_links}
    json.dumps(made, ensure_ascii=False).encode()


@settings(max_examples=150, deadline=None)
@given(text, st.integers(1, 300))
def test_shrinking_keeps_the_limit_and_cuts_no_word(said: str, limit: int) -> None:
    cut = shortened(one_line(said), limit, units)
    assert utf16(cut) <= limit
    assert utf16(fitted(said, limit)) <= limit + 2
    whole = one_line(said)
    if cut.endswith("…") and " " in cut:
        assert whole[len(cut) - 1 : len(cut)] in ("", " ") or ord(max(whole)) > 0x2E80
    elif cut != whole:
        assert whole.startswith(cut.removesuffix("…").rstrip())


def test_the_golden_digest() -> None:
    made = payload(rendered(digest.view(DIGEST)))
    assert broken_rules(made) == []
    assert made == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_each_insight_leads_to_its_page_and_to_the_second_in_the_audio() -> None:
    made = payload(rendered(digest.view(DIGEST)))
    first, lab = made["embeds"][1], made["embeds"][5]
    assert first["url"] == "https://baker.example/episodes/12"
    assert first["author"]["url"] == "https://cdn.example/baker/12.mp3#t=751"
    assert first["author"]["name"].startswith("▶ 12:31 · The Baker's Dozen")
    assert "url" not in lab and lab["author"]["url"].endswith("#t=1440"), "javascript: is no link"
    assert (
        "\n> — **Ana Sousa**\n-# Also on [Crumb & Co · Bread inflation](<https://crumb"
        in first["description"]
    )


def test_two_insights_of_one_episode_are_both_shown() -> None:
    twice = (PICKS[0], replace(PICKS[0], insight=replace(PICKS[0].insight, id=99)))
    first, second = payload(rendered(digest.view(replace(DIGEST, picks=twice))))["embeds"][1:]
    assert second["url"] == f"{first['url']}#2"


def test_a_button_an_insight_digs_and_one_select_rates() -> None:
    rows = payload(rendered(digest.view(DIGEST)))["components"]
    assert [b["custom_id"] for b in rows[0]["components"]] == [f"em:42:/dig {n}" for n in range(1, 6)]
    assert [b["label"] for b in rows[0]["components"]] == list("12345")
    (select,) = rows[1]["components"]
    assert select["custom_id"] == "ems:42" and select["placeholder"] == "Was it useful?"
    assert select["options"][1]["value"] == "/rate 1 useless"
    assert select["options"][1]["label"].startswith("👎 Not useful · 1. Flour is a tenth")


def test_ten_long_insights_fit_and_lose_quotes_before_texts() -> None:
    long = "A sentence of some length that says a thing. " * 12
    picks = tuple(
        replace(pick, insight=replace(pick.insight, text=long, quote=long)) for pick in (*PICKS, *PICKS)
    )
    made = payload(rendered(digest.view(replace(DIGEST, picks=picks))))
    assert broken_rules(made) == []
    assert len(made["embeds"]) == 10 and "Scanned 9 new episodes" in made["content"]
    shown = [embed["description"].split("\n> ") for embed in made["embeds"]]
    assert all(len(part[0]) > 250 and part[0].endswith("thing.") for part in shown)
    assert all(len(part[1]) < 200 for part in shown if len(part) > 1)


def test_a_short_message_is_plain_text_and_a_heading_is_what_notifications_show() -> None:
    assert payload(rendered(message("Noted: “x” was *useful* to you.")))["content"] == (
        r"Noted: “x” was \*useful\* to you."
    )
    view = View(
        parts=(Heading(text="3. Trees"), Text(text="Canopy", quiet=True), Quote(text="Shade.", by="Ann"))
    )
    made = payload(rendered(view))
    assert made["content"] == r"**3\. Trees**"
    assert made["embeds"][0]["description"] == "-# Canopy\n\n> “Shade.”\n> — **Ann**"
    led = rendered(
        View(parts=(*view.parts[:2], Quote(text="Shade.", by="Ann", link="https://a.example/e#t=1")))
    )
    assert payload(led)["embeds"][0]["description"].endswith("> — **[Ann](<https://a.example/e#t=1>)**")


def test_addresses_in_our_own_texts_can_be_clicked_and_unfold_nothing() -> None:
    assert with_links("Read https://a.example/x_y.") == "Read <https://a.example/x_y>."
    assert inert("Read https://a.example/x_y.") == r"Read https\://a.example/x\_y."


@pytest.mark.parametrize("given_address", ADDRESSES)
def test_links_are_whole_addresses_for_a_browser_or_none(given_address: str) -> None:
    shown = web_link(given_address)
    assert shown == "" or re.fullmatch(r"https?://[a-z0-9.-]+(:\d+)?(/[\x21-\x7e]*)?", shown)
    assert "secret" not in shown


def test_sharing_and_replacing_are_told_by_the_ids() -> None:
    view = View(
        parts=(
            Text(text="Stop?"),
            Button(label="Stop", command="/podcasts remove 3 yes", replace=True, danger=True),
            Button(label="Keep", command="/podcasts list", replace=True),
            Button(label="Keep again", command="/podcasts list", replace=True),
        ),
    )
    (row,) = payload(rendered(view, share=True))["components"]
    ids = [button["custom_id"] for button in row["components"]]
    assert ids == ["emr:0:/podcasts remove 3 yes", "emr:0:/podcasts list", "emshare"]
    assert row["components"][0]["style"] == 4


def test_ten_insights_keep_all_their_buttons_whatever_is_in_the_menu() -> None:
    ten = replace(DIGEST, picks=tuple(replace(pick) for pick in (*PICKS, *PICKS)))
    for clips in (False, True):
        view = digest.view(ten, clips=clips)
        pressed = {part.custom_id for row in rows(view) for part in row if isinstance(part, Press)}
        wanted = [b.command for b in view.parts if isinstance(b, Button) and not b.minor]
        assert {f"em:42:{line}" for line in wanted} == pressed
        assert len(rows(view)) <= 5
    menus = [part for row in rows(digest.view(ten)) for part in row if isinstance(part, Choose)]
    assert [len(menu.options) for menu in menus] == [25, 5]
    assert len({menu.custom_id for menu in menus}) == 2
