"""/podcasts: what a channel follows: list, search, add, import; remove asks first and can be undone."""

from __future__ import annotations

from datetime import timedelta

from bot.domain import Channel, Feed
from bot.errors import EarmarkError
from bot.following import Followed, ask_again, follow, followed, the_one, unfollow
from bot.handlers.insights import more_button
from bot.request import Core, Request
from bot.views import MAX_COMMAND, Button, Field, Form, Part, Text, View, message

A_PAGE = 10
HITS = 5
SHOWN = 20
CONFIRMED = "yes"
MOST = 1_000  # podcasts of one channel: more than anybody reads of
POLITE = timedelta(minutes=10)  # between two times that one feed is asked
NEXT = "The newest episode of each will be in the next post."


def list_(core: Core, request: Request) -> View:
    feeds, page = followed(core.store, request.channel), _number(request.get("page"))
    if not feeds:
        return message("This channel follows no podcast yet: /podcasts add ADDRESS OR NAME.")
    shown = feeds[(page - 1) * A_PAGE : page * A_PAGE]
    if not shown:
        raise EarmarkError(f"There are only {-(-len(feeds) // A_PAGE)} pages.")
    lines = "\n".join(_line(feed) for feed in shown)
    more = more_button(f"/podcasts list {page + 1}", len(feeds) - page * A_PAGE)
    return message(lines, *more)


def _line(feed: Feed) -> str:
    until = feed.give_up_at if feed.status == "active" else None
    end = f" It is asked until {until.day} {until:%B}." if until else ""
    return f"{feed.id}. {feed.title or feed.url}" + (f" — {feed.error}{end}" if feed.error else "")


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and int(text) else 1


def search(core: Core, request: Request) -> View:
    """The likeliest few, each with a button that follows it."""
    name = request.get("name")
    if not name:
        raise EarmarkError("Which one? /podcasts search NAME.")
    found = core.discoverer.search(name)[:HITS]
    parts: list[Part] = [Text(text=f"Podcasts called about “{name}”:")]
    for number, feed in enumerate(found, 1):
        parts.append(Text(text=f"{number}. {feed.title}\n{feed.url}"))
        command = f"/podcasts add {feed.url}"
        if len(command) <= MAX_COMMAND:
            parts.append(Button(label=f"Follow {number}", command=command))
    return View(parts=tuple(parts))


def add(core: Core, request: Request) -> View:
    what = request.get("podcast")
    if not what:
        raise EarmarkError("Which one? /podcasts add ADDRESS OR NAME.")
    return _followed(_follow(core, request.channel, what))


def _follow(core: Core, channel: Channel, what: str) -> list[Followed]:
    # Files are for who sits at the machine: here anybody in the chat could find out which there are.
    return follow(core.store, core.discoverer, channel, what, now=core.clock(), files=False, most=MOST)


def _followed(found: list[Followed], problems: list[str] | None = None) -> View:
    lines = [
        f"{'Following' if f.is_new else 'Already following'} {f.feed.title or f.feed.url}."
        for f in found[:SHOWN]
    ]
    more = [f"… and {len(found) - SHOWN} more."] if len(found) > SHOWN else []
    return message("\n".join([*lines, *more, *(problems or []), *([NEXT] if found else [])]))


def import_(core: Core, request: Request) -> View:
    """An OPML list by its address, or addresses one a line; what fails is said and stops nothing."""
    sources = request.get("sources").split()
    if not sources:
        raise EarmarkError(
            "Give the address of an OPML list, or addresses of feeds: /podcasts import ADDRESS."
        )
    found: list[Followed] = []
    problems = []
    for source in sources[:SHOWN]:
        try:
            found += _follow(core, request.channel, source)
        except EarmarkError as error:
            problems.append(str(error))
    if len(sources) > SHOWN:
        problems.append(f"Only the first {SHOWN} addresses were taken; an OPML list may hold more.")
    return _followed(found, problems)


def check(core: Core, request: Request) -> View:
    what = request.get("podcast")
    if not what:
        raise EarmarkError("Which one? /podcasts check NAME OR NUMBER.")
    feed = the_one(followed(core.store, request.channel), what)
    name = feed.title or feed.url
    if not ask_again(core.store, feed, core.clock(), after=POLITE):
        return message(f"{name} {'is paused' if feed.status == 'paused' else 'was asked a moment ago'}.")
    return message(f"{name} is asked again now; in a minute /podcasts list tells what it said.")


def remove(core: Core, request: Request) -> View:
    what = request.get("podcast")
    if not what:
        raise EarmarkError("Which one? /podcasts remove NAME OR NUMBER.")
    name, _, last = what.rpartition(" ")
    if name and last == CONFIRMED:
        return _removed(unfollow(core.store, request.channel, name))
    feed = the_one(followed(core.store, request.channel), what)
    lost = " Its private address would have to be given again." if feed.sealed else ""
    yes = Button(
        label="Stop following", command=f"/podcasts remove {feed.id} {CONFIRMED}", replace=True, danger=True
    )
    return message(
        f"Stop following {feed.title or feed.url}?{lost}",
        yes,
        Button(label="Keep it", command="/podcasts list", replace=True),
    )


def _removed(feed: Feed) -> View:
    gone = f"No longer following {feed.title or feed.url}."
    again = f"/podcasts add {feed.url}"
    if feed.sealed:
        return message(f"{gone} /podcasts add and its private address bring it back.")
    undo = (Button(label="Undo", command=again, replace=True),) if len(again) <= MAX_COMMAND else ()
    return message(gone if undo else f"{gone} {again} brings it back.", *undo)


def add_form(core: Core, channel: Channel) -> Form:
    hint = "A feed's or web page's address, an Apple Podcasts link, or a name"
    field = Field(name="podcast", label="Podcast", hint=hint)
    return Form(title="Follow a podcast", command="/podcasts add", fields=(field,))


def import_form(core: Core, channel: Channel) -> Form:
    hint = "The address of an OPML list, or feed addresses, one a line"
    field = Field(name="sources", label="Addresses", hint=hint, long=True)
    return Form(title="Import podcasts", command="/podcasts import", fields=(field,))


def complete_podcast(core: Core, channel: Channel, typed: str) -> list[tuple[str, str]]:
    feeds = followed(core.store, channel)
    wanted = typed.casefold()
    return [(f.title or f.url, str(f.id)) for f in feeds if wanted in f"{f.title} {f.url}".casefold()][:25]
