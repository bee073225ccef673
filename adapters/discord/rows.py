"""The buttons of a view as rows of buttons and selects, whose ids say what they run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from adapters.discord import limits
from adapters.discord.limits import units
from adapters.discord.neutral import plain
from bot.inert import one_line
from bot.views import Button, Item, View

Style = Literal["primary", "secondary", "danger"]
# em:DIGEST:LINE runs a line and answers in a message of its own; emr: puts the answer in the place of the
# message; ems: runs the line that is chosen; emshare shows the message to all.
RUN, REPLACE, CHOOSE, SHARE = "em", "emr", "ems", "emshare"
ASKED = "Was it useful?"


@dataclass(frozen=True, kw_only=True)
class Press:
    """A button."""

    label: str
    custom_id: str
    style: Style = "secondary"
    emoji: str = ""


@dataclass(frozen=True, kw_only=True)
class Choose:
    """A select; `options` are (what is shown, what is run)."""

    custom_id: str
    placeholder: str
    options: tuple[tuple[str, str], ...]


Row = tuple[Press | Choose, ...]


def rows(view: View, *, share: bool = False) -> tuple[Row, ...]:
    """At most five rows: buttons in the view's order, five a row; below them what is minor as a select."""
    buttons = [part for part in view.parts if isinstance(part, Button)]
    pressed = _distinct(_press(b, view) for b in buttons if not (b.minor and b.item))
    # What people press first comes first: selects get the rows that are left, but one at least.
    left = limits.ROWS - -(-(len(pressed) + share) // limits.A_ROW)
    selects = _selects(view, [b for b in buttons if b.minor and b.item], max(1, left))
    room = (limits.ROWS - len(selects)) * limits.A_ROW - share
    shown = pressed[:room]
    shown += [Press(label="Share with the channel", custom_id=SHARE, emoji="📣")] if share else []
    in_rows = (tuple(shown[n : n + limits.A_ROW]) for n in range(0, len(shown), limits.A_ROW))
    return (*in_rows, *((select,) for select in selects))


def _distinct(pressed: Iterable[Press]) -> list[Press]:
    """Discord refuses a message with the same id twice, or with one too long."""
    every = {press.custom_id: press for press in pressed if units(press.custom_id) <= limits.CUSTOM_ID}
    return list(every.values())


def _press(button: Button, view: View) -> Press:
    kind = REPLACE if button.replace else RUN
    of_item = any(isinstance(part, Item) and part.number == button.item for part in view.parts)
    style: Style = "danger" if button.danger else "primary" if of_item else "secondary"
    return Press(
        label=str(button.item) if of_item else plain(button.label, limits.BUTTON) or "…",
        custom_id=f"{kind}:{view.digest_id}:{button.command}",
        style=style,
        emoji=(button.icon or "🔎") if of_item else "",
    )


def _selects(view: View, minor: Sequence[Button], rows: int) -> list[Choose]:
    """At most so many selects of 25 each; what has no place there can still be typed."""
    headlines = {part.number: part.headline for part in view.parts if isinstance(part, Item)}
    options = {b.command: (_option(b, headlines.get(b.item, "")), b.command) for b in minor}
    every, most = tuple(options.values()), limits.OPTIONS
    return [
        Choose(
            custom_id=f"{CHOOSE}:{view.digest_id}" + (f":{start}" if start else ""),
            placeholder=ASKED,
            options=every[start : start + most],
        )
        for start in range(0, min(len(every), rows * most), most)
    ]


def _option(button: Button, headline: str) -> str:
    return plain(f"{one_line(button.label)} · {button.item}. {headline}".rstrip(". "), limits.OPTION)
