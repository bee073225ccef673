"""Discord's documented limits and markdown as a checker, written from its documentation, not the adapter.

docs.discord.com/developers: resources/message (embed limits, allowed mentions), components/reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

PRIMARY_TO_DANGER = (1, 2, 3, 4)


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def broken_rules(message: Json) -> list[str]:
    """All that Discord would refuse, or that could ping, link or unfold by itself; [] when it is fine."""
    return [*_whole(message), *_embeds(message.get("embeds", [])), *_rows(message.get("components", []))]


def _whole(message: Json) -> Iterator[str]:
    content = message.get("content") or ""
    if utf16(content) > 2000:
        yield f"content of {utf16(content)}"
    if not content.strip() and not message.get("embeds"):
        yield "an empty message"
    if message.get("allowed_mentions") not in ({"parse": []}, {"parse": [], "replied_user": False}):
        yield f"may mention: {message.get('allowed_mentions')}"
    yield from _markup("content", content)


def _embeds(embeds: list[Json]) -> Iterator[str]:
    if len(embeds) > 10:
        yield f"{len(embeds)} embeds"
    if (total := sum(utf16(text) for e in embeds for text in _texts(e))) > 6000:
        yield f"embeds of {total} in all"
    urls = [embed["url"] for embed in embeds if embed.get("url")]
    if len(urls) != len(set(urls)):
        yield "two embeds of one address, of which only the first is shown"
    for number, embed in enumerate(embeds):
        yield from (f"embed {number}: {word}" for word in _embed(embed))


def _texts(embed: Json) -> Iterator[str]:
    yield from (embed.get("title", ""), embed.get("description", ""))
    yield from (embed.get("author", {}).get("name", ""), embed.get("footer", {}).get("text", ""))
    for field in embed.get("fields", []):
        yield from (field["name"], field["value"])


def _embed(embed: Json) -> Iterator[str]:
    limits = (
        ("title", embed.get("title"), 256),
        ("description", embed.get("description"), 4096),
        ("author", embed.get("author", {}).get("name"), 256),
        ("footer", embed.get("footer", {}).get("text"), 2048),
    )
    for what, text, most in limits:
        if text is not None and not 1 <= utf16(text) <= most:
            yield f"{what} of {utf16(text)}"
    if not any(text.strip() for text in _texts(embed)):
        yield "nothing in it"
    for url in (embed.get("url"), embed.get("author", {}).get("url")):
        if url is not None and not re.fullmatch(r"https?://[a-z0-9.:\-\[\]]+\.[\x21-\x7e]{1,2030}", url):
            yield f"link to {url[:40]}"
    if embed.get("url") and not embed.get("title"):
        yield "an address without a title"
    for what in ("title", "description"):
        yield from _markup(what, embed.get(what, ""))
    for what in ("author", "footer"):
        shown = str(embed.get(what, {}).get("name") or embed.get(what, {}).get("text") or "")
        if re.search("@(everyone|here)", shown):
            yield f"{what} names everyone"


# What is ours: **names** (bold, whole) and the start of quotes and small print.
_ESCAPED = re.compile(r"\\[^0-9A-Za-z\s]")
_OURS = re.compile(r"^(?:> (?=“|— )|-# )", re.MULTILINE)
_LIVE = {
    "bold or italics": re.compile(r"\*|_"),
    "strikethrough": re.compile("~"),
    "code": re.compile("`"),
    "a spoiler": re.compile(r"\|\|"),
    "a masked link": re.compile(r"\]\("),
    "a mention, timestamp, emoji or command": re.compile(r"<(?:[@#/:at]|id:|sound:)"),
    "a bare address": re.compile(r"(?<!<)\b[a-z][a-z0-9+.-]*://", re.IGNORECASE),
    "an invitation": re.compile(r"discord(?:\.gg|\.com/invite)/", re.IGNORECASE),
    "an emoji's name": re.compile(r":[\w+~-]{2,}:"),
    "everyone": re.compile(r"@(?:everyone|here)"),
    "a quote, heading or list": re.compile(r"^\s*(?:>|#{1,3} |[-+] |-# |\d+[.)] )", re.MULTILINE),
}


# In these lines of ours a link's words are ours, or made inert.
_MASKED = re.compile(r"(?<!\\)\[((?:[^\[\]\\\n]|\\.)*)\]\(<https?://[^\s<>()]+>\)")


def _markup(what: str, text: str) -> Iterator[str]:
    text = "\n".join(
        _MASKED.sub(r"\1", line) if line.startswith(("-# Also on ", "-# Follows up on ", "> — **[")) else line
        for line in text.split("\n")
    )
    left = _ESCAPED.sub("x", re.sub(r"(?<!\\)<https?://[^\s<>]+>", "", text))
    left = re.sub(r"^(> — )?\*\*([^*\n]*)\*\*$", r"\1\2", left, flags=re.MULTILINE)
    left = _OURS.sub("", left)
    if what == "title":
        left = re.sub(r"^\d+\. ", "", left)  # inline markdown only: titles hold no lists
    for name, live in _LIVE.items():
        if found := live.search(left):
            yield f"{what} has {name}: {left[max(0, found.start() - 20) : found.end() + 20]!r}"


def _rows(rows: list[Json]) -> Iterator[str]:
    if len(rows) > 5:
        yield f"{len(rows)} rows"
    parts = [part for row in rows for part in row["components"]]
    ids = [part["custom_id"] for part in parts if "custom_id" in part]
    if len(ids) != len(set(ids)):
        yield "the same custom_id twice"
    yield from (f"custom_id of {utf16(i)}" for i in ids if not 1 <= utf16(i) <= 100)
    for row in rows:
        kinds = [part["type"] for part in row["components"]]
        if row["type"] != 1 or not (kinds == [3] or (set(kinds) == {2} and 1 <= len(kinds) <= 5)):
            yield f"a row of {kinds}"
    for part in parts:
        yield from _button(part) if part["type"] == 2 else _select(part)


def _button(button: Json) -> Iterator[str]:
    if not 1 <= utf16(button.get("label", "")) <= 80 or not button["label"].strip():
        yield f"a label of {utf16(button.get('label', ''))}"
    if button["style"] not in PRIMARY_TO_DANGER:
        yield f"style {button['style']}"


def _select(select: Json) -> Iterator[str]:
    if not 1 <= len(select["options"]) <= 25:
        yield f"{len(select['options'])} options"
    if utf16(select.get("placeholder", "")) > 150:
        yield "a long placeholder"
    values = [option["value"] for option in select["options"]]
    if len(values) != len(set(values)):
        yield "the same value twice"
    for option in select["options"]:
        if not all(1 <= utf16(option[key]) <= 100 and option[key].strip() for key in ("label", "value")):
            yield f"an option of {utf16(option['label'])}, {utf16(option['value'])}"
