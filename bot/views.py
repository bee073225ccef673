"""A message without a platform: parts that every adapter lays out in its own way, and their plain text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, kw_only=True)
class Heading:
    text: str


@dataclass(frozen=True, kw_only=True)
class Text:
    """A paragraph; `quiet` ones are set smaller or greyer where the platform can."""

    text: str
    quiet: bool = False


@dataclass(frozen=True, kw_only=True)
class Item:
    """One numbered insight: headline, text, quote and by whom, source in words, http(s) link or ""."""

    number: int
    headline: str
    text: str
    quote: str
    by: str
    source: str
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Quote:
    text: str
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class Button:
    """Runs `command` (as a person would type it)."""

    label: str
    command: str


Part = Heading | Text | Item | Quote | Button


@dataclass(frozen=True, kw_only=True)
class View:
    """`private`: shown to the asking person alone where the platform can."""

    parts: tuple[Part, ...]
    private: bool = True


def message(text: str, *more: Part) -> View:
    return View(parts=(Text(text=text), *more))


def plain(view: View, width: int = 88) -> str:
    """The whole view as text, wrapped to `width`: for consoles, notifications and screen readers.

    Buttons that follow one another share a line.
    """
    groups = groupby(view.parts, key=lambda part: isinstance(part, Button))
    blocks = [
        block
        for are_buttons, parts in groups
        for block in ([_buttons(parts, width)] if are_buttons else (_plain(part, width) for part in parts))
    ]
    return "\n\n".join(filter(None, blocks))


def _buttons(parts: Iterable[Part], width: int) -> str:
    return textwrap.fill(" · ".join(_plain(part, width) for part in parts), width)


def _plain(part: Part, width: int) -> str:
    match part:
        case Heading(text=text):
            return text
        case Text(text=text):
            return "\n".join(textwrap.fill(line, width) for line in text.splitlines())
        case Item():
            return _plain_item(part, width)
        case Quote(text=text, by=by):
            return _quote(text, by, width, "")
        case Button(label=label, command=command):
            return f"{label}: {command}"


def _plain_item(item: Item, width: int) -> str:
    number, indent = f"{item.number}. ", "   "
    lines = [
        textwrap.fill(item.headline, width, initial_indent=number, subsequent_indent=indent),
        textwrap.fill(item.text, width, initial_indent=indent, subsequent_indent=indent),
        _quote(item.quote, item.by, width, indent),
        textwrap.fill(item.source, width, initial_indent=indent, subsequent_indent=indent),
    ]
    # A link is never wrapped: half a link is none.
    return "\n".join(line for line in [*lines, f"{indent}{item.link}" if item.link else ""] if line.strip())


def _quote(text: str, by: str, width: int, indent: str) -> str:
    said = f"“{text}”" + (f" — {by}" if by else "")
    return textwrap.fill(said, width, initial_indent=f"{indent}> ", subsequent_indent=f"{indent}> ")
