"""Views as Block Kit: limits held, too long shrunk at sentence ends, and what strangers wrote kept inert.

Text goes into `rich_text`, `header` and `plain_text` only: Slack looks for no mention, link, emoji code or
markup in these (docs.slack.dev/reference/block-kit/blocks/rich-text-block), so nothing needs escaping there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from adapters.slack import limits
from bot.inert import isolated, one_line, paragraphs, shortened, web_link
from bot.views import Audio, Button, Heading, Item, Part, Place, Quote, Text, View, plain

Json = dict[str, Any]
RUN, REPLACE, SHARE = "run", "replace", "share"  # what a button's action_id begins with


@dataclass(frozen=True, kw_only=True)
class Message:
    """`text` is what notifications and screen readers get, escaped as Slack wants it."""

    text: str
    blocks: list[Json]


@dataclass(frozen=True, kw_only=True)
class Room:
    """How long quotes and texts may be, and whether there is room for the minor buttons and for naming
    where else it was said."""

    quote: int
    text: int
    minor: bool = True

    @property
    def names(self) -> bool:
        return self.quote > 0


# A text object's limit, less what stands around a text: quotation marks, isolates, who said it.
WHOLE = limits.TEXT - 250
# Tried in turn until all fits: quotes give way first, then the buttons to rate, then texts.
ROOMS = (
    Room(quote=WHOLE, text=WHOLE),
    *(Room(quote=quote, text=WHOLE) for quote in (600, 400, 300, 220, 160, 110)),
    *(Room(quote=quote, text=WHOLE, minor=False) for quote in (300, 220, 160, 110)),
    *(Room(quote=110, text=text, minor=False) for text in (600, 400)),
    *(Room(quote=0, text=text, minor=False) for text in (400, 300, 220, 160, 110, 60)),
)
_REST = "There is more than fits here."


def rendered(view: View, share: str = "") -> Message:
    """The view as a message; `share` is the value of its “Share with the channel” button ("": none)."""
    end = _actions([_share(share)], f"{view.digest_id}.{SHARE}") if share else []
    for room in ROOMS:
        blocks = [*laid_out(view, room), *end]
        if fits(blocks):
            return Message(text=fallback(view), blocks=blocks)
    return Message(text=fallback(view), blocks=_cut(laid_out(view, ROOMS[-1]), end))


def fits(blocks: Sequence[Json], most: int = limits.BLOCKS) -> bool:
    return len(blocks) <= most and size_bytes(blocks) < limits.MESSAGE_BYTES


def size_bytes(blocks: Sequence[Json]) -> int:
    return len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")).encode())


def _cut(blocks: list[Json], end: list[Json]) -> list[Json]:
    """What fits of the blocks, from the first on, with a word that there is more."""
    end = [_context(_REST), *end]
    while blocks and not fits([*blocks, *end]):
        blocks = blocks[:-1]
    return [*blocks, *end]


def fallback(view: View) -> str:
    """The view as plain text, whole paragraphs as long as they fit."""
    shown: list[str] = []
    for paragraph in paragraphs(plain(view, width=10_000)).split("\n\n"):
        if shown and sum(map(len, shown)) + len(paragraph) + 2 * len(shown) > limits.FALLBACK:
            break
        shown.append(shortened(paragraph, limits.FALLBACK))
    return escaped("\n\n".join(shown)) or "Earmark"


def escaped(text: str) -> str:
    """For the one place that Slack parses (docs.slack.dev/messaging/formatting-message-text#escaping)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def laid_out(view: View, room: Room = ROOMS[0]) -> list[Json]:
    """All blocks of a view; the buttons of an item stand under it, others where the view has them."""
    buttons = [part for part in view.parts if isinstance(part, Button) and (room.minor or not part.minor)]
    rest = [part for part in view.parts if not (isinstance(part, Button) and _item_of(part, view))]
    blocks: list[Json] = []
    for are_buttons, parts in groupby(rest, key=lambda part: isinstance(part, Button)):
        for part in [tuple(parts)] if are_buttons else ((part,) for part in parts):
            blocks += _of_parts(part, room, f"{view.digest_id}.{len(blocks)}")
            if isinstance(part[0], Item):
                own = [button for button in buttons if button.item == part[0].number]
                blocks += _actions(map(_button, own), f"{view.digest_id}.{len(blocks)}")
    return blocks


def _item_of(button: Button, view: View) -> bool:
    return any(isinstance(part, Item) and part.number == button.item for part in view.parts)


def _of_parts(parts: Sequence[Part], room: Room, block_id: str) -> list[Json]:
    match parts[0]:
        case Heading(text=text):
            return _heading(one_line(text))
        case Text(text=text, quiet=quiet):
            return _text(paragraphs(text), quiet, room)
        case Item() as item:
            return [_rich(*_item(item, room))]
        case Quote(text=text, by=by, link=link):
            said = _said(text, "" if link else by, max(room.quote, 110))
            return [_rich(_quote(said, *_by(by, link)))] if said else []
        case Audio():
            return []  # a file is no block: it is sent along
        case Button():
            return _actions((_button(b) for b in parts if isinstance(b, Button)), block_id)


def _heading(text: str) -> list[Json]:
    if len(text) > limits.HEADER - 2:  # the two that may isolate it
        return [_rich(_section(_bold(shortened(text, limits.TEXT // 4))))]
    return [{"type": "header", "text": _plain_text(isolated(text))}] if text else []


def _text(text: str, quiet: bool, room: Room) -> list[Json]:
    lines = [isolated(line.rstrip()) for line in text.split("\n")]
    shown = shortened("\n".join(lines), room.text)
    if not shown.strip():
        return []
    return [_context(shown) if quiet else _rich(_section(_words(shown)))]


def _item(item: Item, room: Room) -> Iterator[Json]:
    headline = shortened(one_line(item.headline), min(room.text, 300))
    text = shortened(one_line(item.text), room.text)
    title = _bold(f"{item.number}. {isolated(headline)}")
    struck = (_bold(f"{item.number}. "), _struck(isolated(headline)))
    yield _section(*(struck if item.struck else (title,)), *_if(text, _words(f"\n{isolated(text)}")))
    said = _said(item.quote, item.by, room.quote)
    if said:
        yield _quote(said)
    note = shortened(one_line(item.note), 300)
    if note:
        yield _section(_italic(isolated(note)))
    where = list(_where(item, min(room.text, 300)))
    if where:
        yield _section(*where)
    yield from _elsewhere(item, room)


def _elsewhere(item: Item, room: Room) -> Iterator[Json]:
    """Where else it was said, a line each, and what it follows up on."""
    named, more = (item.also, item.more) if room.names else ((), item.more + len(item.also))
    for place in named:
        yield _section(_words("Also on "), *_where(place, 150))
    if more:
        also = f"and on {more} more" if named else f"Also on {more} other episode{'s' if more > 1 else ''}"
        yield _section(_words(also))
    if item.follows:
        headline = shortened(one_line(item.follows.headline), min(room.text, 150))
        said = f"{shortened(one_line(item.follows.when), 40)} “{isolated(headline)}”"
        yield _section(_words("Follows up on "), _link(web_link(item.follows.link), said))


def _where(item: Item | Place, limit: int) -> Iterator[Json]:
    """Show and episode, linked to the page; the moment, linked to the audio."""
    source, moment = isolated(shortened(one_line(item.source), limit)), one_line(item.moment)
    page, link = web_link(item.page), web_link(item.link)
    if source or page:
        yield _link(page, source or "Episode")
    if moment or link:
        between = " · " if source or page else ""
        yield from _if(between, _words(between))
        yield _link(link, moment or "Listen")


def _said(quote: str, by: str, limit: int) -> str:
    said = shortened(one_line(quote), limit)
    who = isolated(shortened(one_line(by), 200))
    return f"“{isolated(said)}”" + (f" — {who}" if who else "") if said else ""


def _if(condition: object, part: Json) -> tuple[Json, ...]:
    return (part,) if condition else ()


def _rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def _section(*elements: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(elements)}


def _quote(said: str, *more: Json) -> Json:
    return {"type": "rich_text_quote", "elements": [_words(said), *more]}


def _by(by: str, link: str) -> Iterator[Json]:
    """Who said it and where, as the way there."""
    if link:
        yield _words(" — ")
        yield _link(web_link(link), isolated(shortened(one_line(by), 200)) or "Listen")


def _words(text: str) -> Json:
    return {"type": "text", "text": text}


def _bold(text: str) -> Json:
    return {"type": "text", "text": text, "style": {"bold": True}}


def _struck(text: str) -> Json:
    return {"type": "text", "text": text, "style": {"bold": True, "strike": True}}


def _italic(text: str) -> Json:
    return {"type": "text", "text": text, "style": {"italic": True}}


def _link(url: str, text: str) -> Json:
    return {"type": "link", "url": url, "text": text} if url else _words(text)


def _plain_text(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": False}


def _context(text: str) -> Json:
    return {"type": "context", "elements": [_plain_text(text)]}


def _actions(buttons: Iterable[Json], block_id: str) -> list[Json]:
    """Rows of buttons; each row's buttons get ids of their own."""
    every, most = list(buttons), limits.ELEMENTS
    rows = [every[start : start + most] for start in range(0, len(every), most)]
    return [
        {
            "type": "actions",
            "block_id": f"{block_id}.{number}",
            "elements": [
                button | {"action_id": f"{button['action_id']}.{n}"} for n, button in enumerate(row)
            ],
        }
        for number, row in enumerate(rows)
    ]


def _button(button: Button) -> Json:
    label = shortened(one_line(button.label), limits.BUTTON)
    made: Json = {
        "type": "button",
        "action_id": REPLACE if button.replace else RUN,
        "text": _plain_text(label),
        "value": button.command[: limits.VALUE],
    }
    if button.item:
        words = "".join(letter for letter in label if letter.isascii()).strip()
        made["accessibility_label"] = f"Insight {button.item}: {words}"[: limits.BUTTON]
    return made | ({"style": "danger"} if button.danger else {})


def _share(value: str) -> Json:
    return {
        "type": "button",
        "action_id": SHARE,
        "text": _plain_text("Share with the channel"),
        "value": value[: limits.VALUE],
    }
