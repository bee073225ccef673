"""What a slash command is, platform-free: its options, a request, and what its handler may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from bot.domain import Channel, Digest, Feed
from bot.limits import Limits
from bot.ports import Answerer, Checker, ClipMaker, Pages, Store
from bot.views import Form, View


class Discoverer(Protocol):
    def find(self, source: str, *, private: bool = False, files: bool = True) -> list[Feed]:
        """The feeds that an address, page, name or file leads to; NotFound or FetchError in words."""
        ...

    def search(self, name: str) -> list[Feed]:
        """Podcasts of about that name, likeliest first, none of them read yet; NotFound in words."""
        ...


class Core(Protocol):
    """What the handlers may use; slow parts are built when first asked for."""

    @property
    def store(self) -> Store: ...
    @property
    def discoverer(self) -> Discoverer: ...
    @property
    def answerer(self) -> Answerer: ...
    @property
    def checker(self) -> Checker: ...
    @property
    def pages(self) -> Pages | None: ...
    @property
    def limits(self) -> Limits: ...
    @property
    def clips(self) -> ClipMaker | None:
        """None: switched off."""
        ...

    def clock(self) -> datetime: ...
    def preview(self, channel: Channel) -> Digest | None: ...
    def channel_at(self, platform: str, workspace: str, name: str, title: str = "") -> Channel:
        """The channel of that platform, made with the settings' schedule on first use."""
        ...


@dataclass(frozen=True, kw_only=True)
class Request:
    """One use of a command in a channel. `digest_id` is set inside the thread of a digest and by its buttons;
    `user` is the platform's id of who asks ("" at a console), `is_admin` what the platform says of them."""

    channel: Channel
    options: dict[str, str] = field(default_factory=dict)
    digest_id: int = 0
    user: str = ""
    is_admin: bool = True

    def get(self, name: str) -> str:
        return self.options.get(name, "").strip()


Handler = Callable[[Core, Request], View]
# What is typed so far → (what is shown, what is filled in), at most 25.
Completer = Callable[[Core, Channel, str], Sequence[tuple[str, str]]]
Former = Callable[[Core, Channel], Form]
Completion = Callable[[Core, Channel, Mapping[str, str]], Form | None]


@dataclass(frozen=True, kw_only=True)
class Option:
    """`kind` "number" is a whole number from `least` to `most`. A `named` option is written `name:value`
    before the others where people type a line; of the others the last takes the rest of the line."""

    name: str
    description: str
    kind: Literal["text", "number"] = "text"
    choices: tuple[str, ...] = ()
    required: bool = False
    named: bool = False
    least: int = 1
    most: int = 100
    complete: Completer | None = None


@dataclass(frozen=True, kw_only=True)
class Action:
    """One thing that a command does. `changes`: it changes settings, which may be for admins only. `form` is
    shown, where the platform can, when a required option is missing (or always, with no options).
    `completion` asks in a form for what the given options leave open, None where they leave nothing. `cost`
    is what it takes of the person's and the workspace's share of an hour (`bot/limits.py`). `slow` is said
    meanwhile where it may take long and the platform itself shows nothing."""

    name: str = ""
    description: str
    handler: Handler
    options: tuple[Option, ...] = ()
    changes: bool = False
    cost: int = 0
    form: Former | None = None
    completion: Completion | None = None
    slow: str = ""


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command with one nameless action, or several named ones of which the first is meant by none."""

    name: str
    description: str
    actions: tuple[Action, ...]

    def action(self, name: str) -> Action | None:
        return next((action for action in self.actions if action.name == name.lower()), None)
