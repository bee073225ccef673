"""/insights and /rate: what has been posted here, by day, show or topic, and what people thought of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from bot import calendar, choice, digest
from bot.domain import Channel, Digest, Pick, Rating
from bot.errors import EarmarkError
from bot.following import followed
from bot.request import Core, Request
from bot.views import Button, Heading, View, message

LOOK_BACK = 60  # digests
A_PAGE = 5
DOING = {"wrong": "call wrong", "why": "ask why of"}  # where a command is no verb
VERDICTS = {"useful": True, "useless": False}


def insights(core: Core, request: Request) -> View:
    when = request.get("when")
    digests = core.store.digests(request.channel.id, LOOK_BACK)
    if not digests:
        return message("Nothing has been posted here yet. /digest preview shows what would be.")
    shared = f"/insights {when}".strip()
    if not when or when == "latest":
        return _again(core, request.channel, digests[0], shared)
    day = _day(core, request.channel, when)
    if day is None:
        return _about(core, digests, when)
    of_day = [d for d in digests if d.local_date == day]
    return (
        _again(core, request.channel, of_day[0], shared)
        if of_day
        else message(f"Nothing was posted here on {digest.long_date(day)}.")
    )


def _again(core: Core, channel: Channel, made: Digest, shared: str) -> View:
    view = digest.view(made, core.pages, clips=core.clips is not None and channel.clips)
    return replace(view, private=True, share=shared)


def _day(core: Core, channel: Channel, when: str) -> date | None:
    if when == "today":
        return calendar.local_date(channel, core.clock())
    if when == "yesterday":
        return calendar.local_date(channel, core.clock()) - timedelta(days=1)
    try:
        return date.fromisoformat(when)
    except ValueError:
        return None


def _about(core: Core, digests: Sequence[Digest], asked: str) -> View:
    """Five a page; "bread, page 2" is what the button to the next page asks for."""
    topic, page = _paged(asked)
    wanted = topic.casefold()
    found = [pick for made in digests for pick in made.picks if wanted in choice.searchable(pick)]
    picks = found[(page - 1) * A_PAGE : page * A_PAGE]
    if not picks:
        return message(
            f"No insight posted here speaks of “{topic}”. /ask searches the transcripts themselves."
        )
    first = (page - 1) * A_PAGE + 1
    parts = [digest.item(pick, number, core.pages) for number, pick in enumerate(picks, first)]
    more = more_button(f"/insights {topic}, page {page + 1}", len(found) - page * A_PAGE)
    return View(parts=(Heading(text=f"About “{topic}”"), *parts, *more), share=f"/insights {asked}")


def more_button(command: str, left: int) -> tuple[Button, ...]:
    return (Button(label=f"Show more ({left})", command=command[:80], replace=True),) if left > 0 else ()


def _paged(asked: str) -> tuple[str, int]:
    topic, _, page = asked.rpartition(", page ")
    return (topic, max(1, int(page))) if topic and page.isdecimal() else (asked, 1)


def complete_when(core: Core, channel: Channel, typed: str) -> list[tuple[str, str]]:
    """Today, the days that had a post, and the shows that are followed."""
    days = dict.fromkeys(d.local_date for d in core.store.digests(channel.id, 10))
    offered = [("today", "today")]
    offered += [(digest.long_date(day), day.isoformat()) for day in days]
    offered += [(feed.title, feed.title) for feed in followed(core.store, channel) if feed.title]
    wanted = typed.casefold()
    return [(label, value) for label, value in offered if wanted in f"{label} {value}".casefold()][:25]


def rate(core: Core, request: Request) -> View:
    useful = VERDICTS.get(request.get("verdict").lower())
    if useful is None:
        raise EarmarkError("Say /rate NUMBER useful, or /rate NUMBER useless.")
    pick = picked(core, request, "rate")
    said = Rating(
        channel_id=request.channel.id,
        insight_id=pick.insight.id,
        user=request.user,
        useful=useful,
        rated_at=core.clock(),
    )
    core.store.rate(said)
    word = "useful" if useful else "not useful"
    return message(f"Noted: “{pick.insight.headline}” was {word} to you. Your latest word counts.")


def digest_of(core: Core, request: Request) -> Digest | None:
    """The digest that a request is about: its own, else the channel's latest."""
    if request.digest_id:
        made = core.store.digest(request.digest_id)
        if made.channel_id != request.channel.id:
            raise EarmarkError("That post belongs to another channel.")
        return made
    return next(iter(core.store.digests(request.channel.id, 1)), None)


def picked(core: Core, request: Request, command: str) -> Pick:
    """The insight whose number the request names."""
    made, number = digest_of(core, request), request.get("number")
    if made is None or not made.picks:
        doing = DOING.get(command, command)
        raise EarmarkError(
            f"There is nothing to {doing} yet. The first post comes when an episode has been read."
        )
    if not number.isdecimal() or not 1 <= int(number) <= len(made.picks):
        raise EarmarkError(f"Which one? /{command} 1 to /{command} {len(made.picks)}.")
    return made.picks[int(number) - 1]


def complete_number(core: Core, channel: Channel, typed: str) -> list[tuple[str, str]]:
    made = next(iter(core.store.digests(channel.id, 1)), None)
    picks: Sequence[Pick] = made.picks if made else ()
    return [
        (f"{number}. {pick.insight.headline}", str(number))
        for number, pick in enumerate(picks, 1)
        if typed.casefold() in f"{number} {pick.insight.headline}".casefold()
    ][:25]
