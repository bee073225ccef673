"""/digest: when and how a channel gets its post, what it would be now, and why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import get_args

from bot import calendar, digest
from bot.domain import Channel, Feed, ThreadAnswers
from bot.errors import ConfigError, EarmarkError
from bot.following import followed
from bot.request import Core, Handler, Request
from bot.views import Button, Field, Form, Text, View, message

LOOK_BACK = 3  # newest episodes of each feed that `why` looks at
MOST_TOPICS, LONGEST_TOPIC = 20, 40
NONE = ("", "none", "nothing", "off", "-")
THREADS = {
    "auto": "questions in a post's thread are answered, people talking among themselves are left alone",
    "all": "every message in a post's thread is answered",
    "mentions": "in a post's thread only messages that mention the bot are answered",
}


def show(core: Core, request: Request) -> View:
    channel = core.store.channel(request.channel.id)
    page = core.pages.link("channel", channel.id) if core.pages else ""
    more = (
        [Text(text=f"All posts on a page, to follow in a feed reader and to export: {page}")] if page else []
    )
    shown = _shown(channel)
    return replace(shown, parts=(*shown.parts, *more))


def _shown(channel: Channel) -> View:
    lines = [_schedule(channel)]
    lines += [f"Preferred topics: {', '.join(channel.prefer)}."] if channel.prefer else []
    lines += [f"Muted topics: {', '.join(channel.mute)}."] if channel.mute else []
    lines += [f"Threads: {THREADS[channel.thread_answers]}."]
    lines += [] if channel.clips else ["Clips of what was said: off (/digest clips on)."]
    lines += ["Only admins change these settings."] if channel.admins_only else []
    lines += [f"Nothing can be posted here: {channel.trouble}"] if channel.trouble else []
    return message("\n".join(lines))


def preview(core: Core, request: Request) -> View:
    made = core.preview(request.channel)
    if made is None:
        return message("There is nothing to post yet. /digest why says why.")
    # Not stored, so there is nothing yet that its buttons could dig into.
    view = digest.view(made, core.pages)
    return View(parts=tuple(p for p in view.parts if not isinstance(p, Button)))


def changer(change: Callable[[Channel, str], Channel]) -> Callable[[Core, Request], View]:
    """A handler that changes one setting by the option "value", and moves the next post accordingly."""

    def handler(core: Core, request: Request) -> View:
        return _saved(core, change(request.channel, request.get("value")))

    return handler


def needed(name: str, hint: str, handler: Handler) -> Handler:
    """The handler, told what is missing rather than that nothing is no value."""

    def asked(core: Core, request: Request) -> View:
        if not request.get("value"):
            raise ConfigError(f"Say which: /digest {name} VALUE ({hint}).")
        return handler(core, request)

    return asked


def _saved(core: Core, changed: Channel) -> View:
    changed = replace(changed, next_post_at=calendar.next_post_at(changed, core.clock()))
    return _shown(core.store.save_channel(changed))


def edit(core: Core, request: Request) -> View:
    """Several settings at once, as a form sends them; those that are left out stay."""
    channel = request.channel
    for name in FORM_FIELDS:
        if name in request.options:
            channel = CHANGES[name](channel, request.get(name))
    if channel is request.channel:
        raise EarmarkError("Say which: " + ", ".join(f"/digest {name}" for name in FORM_FIELDS) + ".")
    return _saved(core, channel)


def edit_form(core: Core, channel: Channel) -> Form:
    days = ",".join(calendar.WEEKDAYS[day] for day in channel.weekdays)
    fields = (
        Field(name="time", label="Time of day", value=channel.post_time, hint="08:30"),
        Field(name="timezone", label="Time zone", value=channel.timezone, hint="Europe/Berlin"),
        Field(name="days", label="Days", value=days, hint="daily, weekdays or mon,wed,fri"),
        Field(name="count", label="Insights a post", value=str(channel.count), hint="1 to 10"),
        Field(
            name="mute",
            label="Muted topics",
            value=", ".join(channel.mute),
            hint="Topics you don't want, with commas between",
            required=False,
        ),
    )
    return Form(title="This channel's post", command="/digest edit", fields=fields)


def _count(channel: Channel, value: str) -> Channel:
    if not value.isdecimal() or not 1 <= int(value) <= 10:
        raise ConfigError("A post holds 1 to 10 insights: /digest count 5.")
    return replace(channel, count=int(value))


def _switch(value: str, command: str) -> bool:
    if value.lower() not in ("on", "off"):
        raise ConfigError(f"Say on or off: /digest {command} on.")
    return value.lower() == "on"


def _topics(value: str) -> tuple[str, ...]:
    topics = dict.fromkeys(" ".join(t.split())[:LONGEST_TOPIC] for t in value.replace("\n", ",").split(","))
    wanted = tuple(topic for topic in topics if topic.lower() not in NONE)
    if len(wanted) > MOST_TOPICS:
        raise ConfigError(f"At most {MOST_TOPICS} topics, with commas between.")
    return wanted


def _threads(channel: Channel, value: str) -> Channel:
    answers: tuple[ThreadAnswers, ...] = get_args(ThreadAnswers)
    chosen = next((answer for answer in answers if answer == value.lower()), None)
    if chosen is None:
        raise ConfigError("Say which: /digest threads auto, all or mentions.")
    return replace(channel, thread_answers=chosen)


CHANGES: dict[str, Callable[[Channel, str], Channel]] = {
    "time": lambda channel, value: replace(channel, post_time=f"{calendar.parse_time(value):%H:%M}"),
    "timezone": lambda channel, value: replace(channel, timezone=calendar.parse_timezone(value).key),
    "days": lambda channel, value: replace(channel, weekdays=calendar.parse_weekdays(value)),
    "count": _count,
    "quiet": lambda channel, value: replace(channel, quiet_line=_switch(value, "quiet")),
    "clips": lambda channel, value: replace(channel, clips=_switch(value, "clips")),
    "prefer": lambda channel, value: replace(channel, prefer=_topics(value)),
    "mute": lambda channel, value: replace(channel, mute=_topics(value)),
    "threads": _threads,
    "admins": lambda channel, value: replace(channel, admins_only=_switch(value, "admins")),
    "pause": lambda channel, _: replace(channel, paused=True),
    "resume": lambda channel, _: replace(channel, paused=False, trouble=""),
}
FORM_FIELDS = ("time", "timezone", "days", "count", "mute")


def _schedule(channel: Channel) -> str:
    days = ", ".join(calendar.WEEKDAYS[day] for day in channel.weekdays)
    when = "every day" if len(channel.weekdays) == 7 else f"on {days}"
    if channel.paused:
        return f"Paused (else: {channel.count} insights at {channel.post_time} {channel.timezone} {when})."
    due = f" Next: {channel.next_post_at:%Y-%m-%d %H:%M} UTC." if channel.next_post_at else ""
    return f"The best {channel.count} at {channel.post_time} {channel.timezone}, {when}.{due}"


def why(core: Core, request: Request) -> View:
    return message("\n".join(_reasons(core, request.channel)))


def _reasons(core: Core, channel: Channel) -> list[str]:
    """Each step on the way to a post that has something to say about its absence."""
    feeds = followed(core.store, channel)
    if not feeds:
        return ["This channel follows no podcast: /podcasts add ADDRESS OR NAME."]
    lines = [f"{f.title or f.url}: {f.error or f.status}" for f in feeds if f.error or f.status != "active"]
    lines += _failed(core, channel, {feed.id for feed in feeds})[:10]
    lines += [line for feed in feeds for line in _unusable(core, feed)]
    lines += [f"Nothing can be posted here: {channel.trouble}"] if channel.trouble else []
    lines += ["The channel is paused: /digest resume."] if channel.paused else []
    return lines or ["All is well: every new episode has been read, and what was worth it was posted."]


def _failed(core: Core, channel: Channel, feed_ids: set[int]) -> list[str]:
    """What went wrong with this channel and its episodes; others' troubles are not its business."""
    lines = []
    digests = {made.id for made in core.store.digests(channel.id)}
    for row in core.store.work():
        if row.error and row.stage in ("transcribe", "read", "write"):
            episode = core.store.episode(row.subject)
            if episode.feed_id in feed_ids:
                lines.append(f"{episode.show}, {episode.title}: {row.error}")
        elif row.error and (
            (row.stage, row.subject) == ("compose", channel.id)
            or (row.stage == "publish" and row.subject in digests)
        ):
            lines.append(row.error)
    return lines


def _unusable(core: Core, feed: Feed) -> list[str]:
    """What the gate after speech recognition found in the newest episodes that nothing is posted from."""
    newest = [(e, core.store.transcript(e.id)) for e in core.store.episodes(feed.id)[:LOOK_BACK]]
    return [f"{e.show}, {e.title}: {' '.join(t.warnings)}" for e, t in newest if t and not t.usable]
