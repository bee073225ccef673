"""A message without a platform: parts that every adapter lays out in its own way, and their plain text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Heading:
    text: str


@dataclass(frozen=True, kw_only=True)
class Text:
    """A paragraph; `quiet` ones are set smaller or greyer where the platform can."""

    text: str
    quiet: bool = False


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where something was said, as in Item."""

    source: str
    moment: str = ""
    page: str = ""
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """An earlier post's insight: `when` is "Tuesday’s", `link` http(s) or ""."""

    when: str
    headline: str
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One numbered insight: headline, text, quote and by whom, and where it was said.

    `note` says what was found wrong with it ("": nothing); a `struck` one is withdrawn: only its headline is
    left, crossed out. `source` is show and episode in words, `page` the episode's page; `moment` is "12:31"
    or "", `link` the audio at that second. Links are http(s) or "". `also` are the places where the same was
    said, and `more` how many there are beside those; `follows` is what it follows up on.
    """

    number: int
    headline: str
    text: str
    quote: str
    by: str
    source: str
    moment: str = ""
    note: str = ""
    struck: bool = False
    page: str = ""
    link: str = ""
    also: tuple[Place, ...] = ()
    more: int = 0
    follows: Reference | None = None


@dataclass(frozen=True, kw_only=True)
class Quote:
    """`link` leads from `by` to where it was said."""

    text: str
    by: str = ""
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Button:
    """Runs `command` (a line as a person would type it, at most MAX_COMMAND characters).

    `item` is the number of the Item it belongs to (0: the whole message); `minor` ones stand back, and are
    left out of the plain text; a `replace` button's answer takes the place of the message it stands in;
    `danger` marks what can't be had back; `icon` is an emoji that stands for it where there is little room.
    """

    label: str
    command: str
    item: int = 0
    minor: bool = False
    replace: bool = False
    danger: bool = False
    icon: str = ""


@dataclass(frozen=True, kw_only=True)
class Audio:
    """An audio file of this machine to be sent along, as `name`; its words stand beside it as text."""

    path: Path
    name: str
    title: str
    duration_s: float


Part = Heading | Text | Item | Quote | Button | Audio

WITHDRAWN = "[withdrawn] "  # before a headline, where nothing can be crossed out
MAX_COMMAND = 80  # Discord's custom_id takes 100, and the digest's number is in it too


@dataclass(frozen=True, kw_only=True)
class Field:
    """One input of a Form; `name` is the option that it fills, `value` what stands there at first."""

    name: str
    label: str
    value: str = ""
    hint: str = ""
    choices: tuple[str, ...] = ()
    long: bool = False
    required: bool = True


@dataclass(frozen=True, kw_only=True)
class Form:
    """What an adapter shows as a modal, where it can: filled in, it runs `command` with its fields."""

    title: str
    command: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, kw_only=True)
class View:
    """`private`: shown to the asking person alone where the platform can; else in the thread of the digest
    `digest_id`, or in the channel where that is 0. Buttons run with that digest in mind.

    `share` is the line that shows the same to all ("": nothing to share).
    """

    parts: tuple[Part, ...]
    private: bool = True
    digest_id: int = 0
    share: str = ""


def audio_of(view: View) -> tuple[Audio, ...]:
    return tuple(part for part in view.parts if isinstance(part, Audio))


def without_audio(view: View, *more: Part) -> View:
    return replace(view, parts=(*(part for part in view.parts if not isinstance(part, Audio)), *more))


def message(text: str, *more: Part) -> View:
    return View(parts=(Text(text=text), *more))


def plain(view: View, width: int = 88) -> str:
    """The whole view as text, wrapped to `width`: for consoles, notifications and screen readers.

    Buttons that follow one another share a line.
    """
    shown = [part for part in view.parts if not (isinstance(part, Button) and part.minor)]
    groups = groupby(shown, key=lambda part: isinstance(part, Button))
    blocks = [
        block
        for are_buttons, parts in groups
        for block in ([_buttons(parts, width)] if are_buttons else (_plain(part, width) for part in parts))
    ]
    return "\n\n".join(filter(None, blocks))


def _buttons(parts: Iterable[Part], width: int) -> str:
    """Those that do the same about each insight in one: "Dig into: /dig 1 to /dig 5"."""
    same: dict[tuple[str, str], list[Button]] = {}
    for part in parts:
        assert isinstance(part, Button)
        alike = part.label.removesuffix(f" {part.item}"), part.command.removesuffix(f" {part.item}")
        same.setdefault(alike if part.item else (part.label, part.command), []).append(part)
    return textwrap.fill(" · ".join(_alike(label, them) for (label, _), them in same.items()), width)


def _alike(label: str, buttons: Sequence[Button]) -> str:
    first, last = buttons[0], buttons[-1]
    if len(buttons) == 1:
        return f"{first.label}: {first.command}"
    if len(buttons) > 2 and last.item - first.item == len(buttons) - 1:
        return f"{label}: {first.command} to {last.command}"
    return f"{label}: {', '.join(button.command for button in buttons)}"


def _plain(part: Part, width: int) -> str:
    match part:
        case Heading(text=text):
            return text
        case Text(text=text):
            return "\n".join(textwrap.fill(line, width) for line in text.splitlines())
        case Item():
            return _plain_item(part, width)
        case Quote(text=text, by=by, link=link):
            return "\n".join((_quote(text, by, width, ""), *((f"  {link}",) if link else ())))
        case Button(label=label, command=command):
            return f"{label}: {command}"
        case Audio(title=title, duration_s=seconds):
            return textwrap.fill(f"🔊 {title} ({round(seconds)} seconds)", width)


def _plain_item(item: Item, width: int) -> str:
    number, indent = f"{item.number}. ", "   "
    where = " · ".join(filter(None, (item.source, item.moment)))
    link = item.link or item.page
    headline = f"{WITHDRAWN if item.struck else ''}{item.headline}"
    said = _quote(item.quote, item.by, width, indent) if item.quote else ""
    lines = [
        textwrap.fill(headline, width, initial_indent=number, subsequent_indent=indent),
        textwrap.fill(item.text, width, initial_indent=indent, subsequent_indent=indent),
        said,
        textwrap.fill(item.note, width, initial_indent=indent, subsequent_indent=indent),
        textwrap.fill(where, width, initial_indent=indent, subsequent_indent=indent),
        *_linked(link),
        *(line for place in item.also for line in _also(place, width)),
        f"{indent}and on {item.more} more" if item.more else "",
        *(_follows(item.follows, width) if item.follows else ()),
    ]
    return "\n".join(line for line in lines if line.strip())


def _linked(link: str) -> tuple[str, ...]:
    # Never wrapped: half a link is none.
    return (f"   {link}",) if link else ()


def _also(place: Place, width: int) -> Iterable[str]:
    moment = f" ({place.moment})" if place.moment else ""
    said = f"Also on {place.source or 'another episode'}{moment}"
    yield textwrap.fill(said, width, initial_indent="   ", subsequent_indent="   ")
    yield from _linked(place.link or place.page)


def _follows(earlier: Reference, width: int) -> Iterable[str]:
    said = f"Follows up on {earlier.when} “{earlier.headline}”"
    yield textwrap.fill(said, width, initial_indent="   ", subsequent_indent="   ")
    yield from _linked(earlier.link)


def _quote(text: str, by: str, width: int, indent: str) -> str:
    said = f"“{text}”" + (f" — {by}" if by else "")
    return textwrap.fill(said, width, initial_indent=f"{indent}> ", subsequent_indent=f"{indent}> ")
