"""Views as Discord messages: text for notifications, embeds, buttons and selects, within every limit.

What is too long shrinks at sentence ends, quotes first. Addresses are only where Discord counts and parses
none of them: an embed's title leads to the page, its author line to the audio.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from adapters.discord import limits
from adapters.discord.limits import units
from adapters.discord.neutral import fitted, plain
from adapters.discord.rows import Row, rows
from bot.inert import one_line, paragraphs, web_link
from bot.views import Audio, Button, Heading, Item, Part, Place, Quote, Text, View

REST = "There is more than fits here."


@dataclass(frozen=True, kw_only=True)
class Card:
    """One embed; `author_url` and `url` are http(s) or ""."""

    title: str = ""
    url: str = ""
    author: str = ""
    author_url: str = ""
    description: str = ""
    footer: str = ""
    flows: bool = False  # whether what follows may go on in it

    @property
    def size(self) -> int:
        return sum(map(units, (self.title, self.author, self.description, self.footer)))


@dataclass(frozen=True, kw_only=True)
class Message:
    """`content` is what notifications and screen readers get first."""

    content: str = ""
    cards: tuple[Card, ...] = ()
    rows: tuple[Row, ...] = field(default=())


@dataclass(frozen=True, kw_only=True)
class Room:
    """How long quotes and texts may be, in units."""

    quote: int
    text: int


# Tried in turn until all fits: quotes give way first, then texts.
ROOMS = (
    *(Room(quote=quote, text=4000) for quote in (3000, 1000, 600, 400, 300, 220, 160, 110)),
    *(Room(quote=110, text=text) for text in (900, 600, 400)),
    *(Room(quote=0, text=text) for text in (400, 300, 220, 160, 110, 60)),
)


def rendered(view: View, *, share: bool = False) -> Message:
    """The view as one message; `share` adds the button that shows it to all."""
    for room in ROOMS:
        made = laid_out(view, room)
        if _fit(made.cards):
            break
    else:
        made = replace(made, cards=_cut(made.cards))
    made = made if made.content or made.cards else replace(made, content="Earmark")
    return replace(made, rows=rows(view, share=share))


def _fit(cards: Sequence[Card]) -> bool:
    return (
        len(cards) <= limits.EMBEDS
        and sum(card.size for card in cards) <= limits.EMBED_TOTAL
        and all(units(card.description) <= limits.DESCRIPTION for card in cards)
    )


def unlinked(view: View) -> View:
    """Without links: for when Discord finds one of them ill-formed and refuses them all."""
    return replace(view, parts=tuple(_unlinked(part) for part in view.parts))


def _unlinked(part: Part) -> Part:
    match part:
        case Item():
            return _unlinked_item(part)
        case Quote():
            return replace(part, link="")
    return part


def _unlinked_item(item: Item) -> Item:
    also = tuple(replace(place, page="", link="") for place in item.also)
    follows = replace(item.follows, link="") if item.follows else None
    return replace(item, page="", link="", also=also, follows=follows)


def laid_out(view: View, room: Room) -> Message:
    """Headings and texts at the head are the message's own text, what follows are its cards."""
    parts = [part for part in view.parts if not isinstance(part, Button)]
    content, rest = _head(parts, room)
    cards = _cards(rest, room)
    first = cards[0] if cards else Card()
    if len(cards) > limits.EMBEDS and first.flows and not first.title:  # ten insights and a line above them
        longer = f"{content}\n{first.description}".strip()
        if units(longer) <= limits.CONTENT:
            content, cards = longer, cards[1:]
    return Message(content=content, cards=tuple(_apart(cards)))


def _apart(cards: Iterable[Card]) -> Iterator[Card]:
    """No two with the same address: of such, Discord shows only the first (discord-api-docs#4129)."""
    seen = set[str]()
    for number, card in enumerate(cards):
        again = card.url in seen
        url = f"{card.url}{'-' if '#' in card.url else '#'}{number}" if again else card.url
        url = url if len(url) <= limits.URL else ""
        seen |= {url} - {""}
        yield replace(card, url=url)


def _head(parts: Sequence[Part], room: Room) -> tuple[str, Sequence[Part]]:
    """What goes into the message's text, as long as it has room, and the rest."""
    end, said = _head_end(parts), list[str]()
    for number, part in enumerate(parts[:end]):
        line = f"**{_heading(part)}**" if isinstance(part, Heading) else _words(part, room)
        if units("\n".join([*said, line])) > limits.CONTENT:
            return "\n".join(said), parts[number:]
        said += [line] if line.strip("*") else []
    return "\n".join(said), parts[end:]


def _head_end(parts: Sequence[Part]) -> int:
    """Where the headings and texts at the head end; the small print before what follows belongs to that."""
    heads = takewhile(lambda part: isinstance(part, Heading | Text), parts)
    end = sum(1 for _ in heads)
    while 0 < end < len(parts) and _is_quiet(parts[end - 1]):
        end -= 1
    return end


def _is_quiet(part: Part) -> bool:
    return isinstance(part, Text) and part.quiet


def _words(part: Part, room: Room) -> str:
    return _text(part, room) if isinstance(part, Text) else ""


def _cards(parts: Iterable[Part], room: Room) -> list[Card]:
    every, cards = list(parts), list[Card]()
    for number, part in enumerate(every):
        last = number == len(every) - 1
        if last and cards and isinstance(part, Text) and _is_quiet(part) and not cards[-1].footer:
            cards[-1] = replace(cards[-1], footer=plain(part.text, limits.FOOTER))
        else:
            cards = _added(cards, _card(part, room))
    return cards


def _added(cards: list[Card], card: Card | None) -> list[Card]:
    """With one more card, or with the last one going on."""
    if card is None:
        return cards
    if cards and card.flows and cards[-1].flows and not card.title:
        both = "\n\n".join(filter(None, (cards[-1].description, card.description)))
        if units(both) <= limits.DESCRIPTION:
            return [*cards[:-1], replace(cards[-1], description=both)]
    return [*cards, card]


def _card(part: Part, room: Room) -> Card | None:
    match part:
        case Heading():
            return Card(title=_heading(part), flows=True) if one_line(part.text) else None
        case Text():
            return _flowing(_text(part, room))
        case Quote(text=text, by=by, link=link):
            return _flowing(_quote(text, by, max(room.quote, 110), link))
        case Item():
            return _item(part, room)
        case Button() | Audio():
            return None


def _flowing(description: str) -> Card | None:
    return Card(description=description, flows=True) if description else None


def _heading(part: Heading) -> str:
    return fitted(one_line(part.text), limits.TITLE - 4)


def _text(part: Text, room: Room) -> str:
    limit = min(room.text, limits.DESCRIPTION)
    if not part.quiet:
        return fitted(paragraphs(part.text), limit, links=True)
    shown = fitted(one_line(part.text), limit - 3, links=True)
    return f"-# {shown}" if shown else ""


def _item(item: Item, room: Room) -> Card:
    link, headline = web_link(item.link), one_line(item.headline)
    moment = plain(item.moment, 40)
    moment = f"▶ {moment or 'Listen'}" if link else moment
    source = plain(item.source, limits.AUTHOR - 60)
    note = fitted(one_line(item.note), min(room.text, 300))
    said = (
        fitted(one_line(item.text), room.text),
        _quote(item.quote, item.by, room.quote),
        f"*{note}*" if note else "",
        *_elsewhere(item, room),
    )
    author = " · ".join(filter(None, (moment, source)))
    title = fitted(headline, min(room.text, limits.TITLE - 14))
    return Card(
        title=f"{item.number}. {f'~~{title}~~' if item.struck else title}",
        url=web_link(item.page),
        author=author,
        author_url=link if author else "",
        description="\n".join(filter(None, said)),
    )


def _elsewhere(item: Item, room: Room) -> Iterator[str]:
    """Where else it was said, and what it follows up on, in small print; the least room only counts."""
    named, more = (item.also, item.more) if room.quote else ((), item.more + len(item.also))
    for place in named:
        source = fitted(one_line(place.source), 150) or "another episode"
        yield f"-# Also on {_masked(source, place.page)}{_moment(place)}"
    if more:
        yield (
            f"-# and on {more} more" if named else f"-# Also on {more} other episode{'s' if more > 1 else ''}"
        )
    if item.follows:
        headline = fitted(one_line(item.follows.headline), 150)
        said = _masked(f"“{headline}”", item.follows.link)
        yield f"-# Follows up on {fitted(one_line(item.follows.when), 40)} {said}"


def _moment(place: Place) -> str:
    return f" ({_masked(plain(place.moment, 40), place.link)})" if place.moment else ""


def _masked(shown: str, url: str) -> str:
    """A link in words of ours or made inert; one that is long or could close the brackets is left out."""
    link = web_link(url, most=200)
    return f"[{shown}](<{link}>)" if link and not set("()<>") & set(link) else shown


def _quote(text: str, by: str, limit: int, link: str = "") -> str:
    said = fitted(one_line(text), limit)
    who = fitted(one_line(by), 200)
    return f"> “{said}”" + (f"\n> — **{_masked(who, link)}**" if who else "") if said else ""


def _cut(cards: Sequence[Card]) -> tuple[Card, ...]:
    """What fits of the cards, from the first on, with a word that there is more."""
    kept = list(cards[: limits.EMBEDS])
    while kept:
        cut = (*kept[:-1], replace(kept[-1], footer=REST))
        if _fit(cut):
            return cut
        kept.pop()
    return ()
