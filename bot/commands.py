"""The slash commands, platform-free: names, options, and handlers that turn a request into a view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Protocol

from bot import calendar, digest
from bot.domain import Channel, Digest, Feed, Pick, Reading, Source, hhmmss
from bot.errors import ConfigError, EarmarkError
from bot.following import Discoverer, follow, followed, unfollow
from bot.ports import Answerer, Store
from bot.views import Heading, Part, Quote, Text, View, message

AROUND = 6  # sentences before and after the quote that /dig shows
MAX_TEXT = 2000
LOOK_BACK = 3  # newest episodes of each feed that /digest why looks at


class Core(Protocol):
    """What the handlers may use; slow parts are built when first asked for."""

    @property
    def store(self) -> Store: ...
    @property
    def discoverer(self) -> Discoverer: ...
    @property
    def answerer(self) -> Answerer: ...
    def clock(self) -> datetime: ...
    def preview(self, channel: Channel) -> Digest | None: ...


@dataclass(frozen=True, kw_only=True)
class Option:
    name: str
    description: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Request:
    """One use of a command in a channel. `digest_id` is set inside the thread of a digest."""

    channel: Channel
    options: dict[str, str] = field(default_factory=dict)
    digest_id: int | None = None

    def get(self, name: str) -> str:
        return self.options.get(name, "").strip()


Handler = Callable[[Core, Request], View]


@dataclass(frozen=True, kw_only=True)
class Command:
    """The last option takes the rest of the line."""

    name: str
    description: str
    handler: Handler
    options: tuple[Option, ...] = ()

    @property
    def usage(self) -> str:
        return " ".join([f"/{self.name}", *(f"[{option.name}]" for option in self.options)])


def run(core: Core, channel: Channel, line: str, digest_id: int | None = None) -> View:
    """Run a line as a person typed it ("/ask why?"); what goes wrong is said in words."""
    name, _, rest = line.strip().removeprefix("/").partition(" ")
    command = COMMANDS.get(name.lower())
    if command is None:
        return message(f"There is no /{name}. /help lists what there is.")
    request = Request(channel=channel, options=parse(command, rest), digest_id=digest_id)
    try:
        return command.handler(core, request)
    except EarmarkError as error:
        return message(str(error))


def parse(command: Command, text: str) -> dict[str, str]:
    words = text[:MAX_TEXT].split(maxsplit=max(0, len(command.options) - 1))
    return {option.name: word for option, word in zip(command.options, words, strict=False)}


def insights(core: Core, request: Request) -> View:
    when = request.get("when")
    digests = core.store.digests(request.channel.id, 60)
    if not digests:
        return message("Nothing has been posted here yet. /digest preview shows what would be.")
    if not when or when == "latest":
        return digest.view(digests[0])
    day = _day(core, request.channel, when)
    if day is None:
        return _about(digests, when)
    of_day = [d for d in digests if d.local_date == day]
    return (
        digest.view(of_day[0]) if of_day else message(f"Nothing was posted here on {digest.long_date(day)}.")
    )


def _day(core: Core, channel: Channel, when: str) -> date | None:
    if when == "today":
        return calendar.local_date(channel, core.clock())
    try:
        return date.fromisoformat(when)
    except ValueError:
        return None


def _about(digests: Sequence[Digest], topic: str) -> View:
    wanted = topic.casefold()
    picks = [p for d in digests for p in d.picks if wanted in _searchable(p)][:5]
    if not picks:
        return message(
            f"No insight posted here speaks of “{topic}”. /ask searches the transcripts themselves."
        )
    parts = [digest.item(pick, number) for number, pick in enumerate(picks, 1)]
    return View(parts=(Heading(text=f"About “{topic}”"), *parts))


def _searchable(pick: Pick) -> str:
    insight, episode = pick.insight, pick.episode
    return " ".join((insight.headline, insight.text, insight.quote, episode.show, episode.title)).casefold()


def dig(core: Core, request: Request) -> View:
    pick, number = _pick(core, request), request.get("number")
    episode = pick.episode
    reading = core.store.reading(episode.id)
    if reading is None:
        return message("The transcript of that episode is no longer here.")
    parts: list[Part] = [
        Heading(text=f"{number}. {pick.insight.headline}"),
        Text(text=f"{episode.show} · {episode.title}", quiet=True),
        *_around(pick, reading),
        Text(text=digest.made_by([pick]), quiet=True),
    ]
    return View(parts=tuple(parts), private=False)


def _pick(core: Core, request: Request) -> Pick:
    digests = core.store.digests(request.channel.id, 1)
    here = core.store.digest(request.digest_id) if request.digest_id else next(iter(digests), None)
    number = request.get("number")
    if here is None or not here.picks:
        raise EarmarkError("There is nothing to dig into yet.")
    if not number.isdecimal() or not 1 <= int(number) <= len(here.picks):
        raise EarmarkError(f"Which one? /dig 1 to /dig {len(here.picks)}.")
    return here.picks[int(number) - 1]


def _around(pick: Pick, reading: Reading) -> list[Part]:
    """What was said around the quote, a paragraph a turn."""
    words = pick.insight.quote.casefold()
    said = [n for n, sentence in enumerate(reading.sentences) if words in sentence.text.casefold()]
    middle = said[0] if said else 0
    turns: list[tuple[str, float | None, list[str]]] = []
    for sentence in reading.sentences[max(0, middle - AROUND) : middle + AROUND + 1]:
        if not turns or turns[-1][0] != sentence.speaker:
            turns.append((sentence.speaker, sentence.start, []))
        turns[-1][2].append(sentence.text)
    return [
        Quote(text=" ".join(texts), by=", ".join(filter(None, (speaker, hhmmss(start)))))
        for speaker, start, texts in turns
    ]


def ask(core: Core, request: Request) -> View:
    question = request.get("question")
    if not question:
        raise EarmarkError("Ask something: /ask how do they price bread?")
    feed_ids = [s.feed_id for s in core.store.subscriptions(request.channel.id)]
    sources: list[Source] = list(core.store.sources(feed_ids))
    if not sources:
        raise EarmarkError("No episode has been transcribed for this channel yet.")
    answer = core.answerer.answer(question, sources)
    quotes = [
        Quote(text=c.quote, by=" · ".join(filter(None, (c.speaker, c.show, c.episode, hhmmss(c.start)))))
        for c in answer.citations
    ]
    nearest = () if answer.found or not quotes else (Text(text="The nearest that was said:", quiet=True),)
    return View(parts=(Text(text=answer.text), *nearest, *quotes))


def podcasts(core: Core, request: Request) -> View:
    action, what = request.get("action") or "list", request.get("podcast")
    match action:
        case "list":
            return _list(core, request.channel)
        case "add" if what:
            return _add(core, request.channel, what)
        case "remove" if what:
            feed = unfollow(core.store, request.channel, what)
            return message(
                f"No longer following {feed.title or feed.url}. /podcasts add {feed.url} brings it back."
            )
    raise EarmarkError("/podcasts, /podcasts add ADDRESS OR NAME, /podcasts remove NAME OR NUMBER.")


def _list(core: Core, channel: Channel) -> View:
    feeds = followed(core.store, channel)
    if not feeds:
        return message("This channel follows no podcast yet: /podcasts add ADDRESS OR NAME.")
    lines = [f"{f.id}. {f.title or f.url}" + (f" — {f.error}" if f.error else "") for f in feeds]
    return message("\n".join(lines))


def _add(core: Core, channel: Channel, what: str) -> View:
    # Files are for who sits at the machine: here anybody in the chat could find out which there are.
    found = follow(core.store, core.discoverer, channel, what, now=core.clock(), files=False)
    lines = [
        f"{'Following' if f.is_new else 'Already following'} {f.feed.title or f.feed.url}."
        for f in found[:20]
    ]
    more = [f"… and {len(found) - 20} more."] if len(found) > 20 else []
    return message("\n".join([*lines, *more, "The newest episode of each will be in the next post."]))


def settings(core: Core, request: Request) -> View:
    setting, value = request.get("setting") or "show", request.get("value")
    channel = request.channel
    if setting == "preview":
        made = core.preview(channel)
        return digest.view(made) if made else message("There is nothing to post yet. /digest why says why.")
    if setting == "why":
        return message("\n".join(_why(core, channel)))
    if setting != "show":
        changed = _changed(channel, setting, value)
        changed = replace(changed, next_post_at=calendar.next_post_at(changed, core.clock()))
        channel = core.store.save_channel(changed)
    return message(_schedule(channel))


def _changed(channel: Channel, setting: str, value: str) -> Channel:
    match setting:
        case "time":
            return replace(channel, post_time=f"{calendar.parse_time(value):%H:%M}")
        case "timezone":
            return replace(channel, timezone=calendar.parse_timezone(value).key)
        case "days":
            return replace(channel, weekdays=calendar.parse_weekdays(value))
        case "count" if value.isdecimal() and 1 <= int(value) <= 10:
            return replace(channel, count=int(value))
        case "quiet" if value in ("on", "off"):
            return replace(channel, quiet_line=value == "on")
        case "pause" | "resume":
            return replace(channel, paused=setting == "pause")
    raise ConfigError("/digest " + "|".join(SETTINGS) + ": count takes 1 to 10, quiet takes on or off.")


def _schedule(channel: Channel) -> str:
    days = ", ".join(calendar.WEEKDAYS[day] for day in channel.weekdays)
    when = "every day" if len(channel.weekdays) == 7 else f"on {days}"
    if channel.paused:
        return f"Paused (else: {channel.count} insights at {channel.post_time} {channel.timezone} {when})."
    due = f" Next: {channel.next_post_at:%Y-%m-%d %H:%M} UTC." if channel.next_post_at else ""
    return f"The best {channel.count} at {channel.post_time} {channel.timezone}, {when}.{due}"


def _why(core: Core, channel: Channel) -> list[str]:
    """Each step on the way to a post that has something to say about its absence."""
    feeds = followed(core.store, channel)
    if not feeds:
        return ["This channel follows no podcast: /podcasts add ADDRESS OR NAME."]
    lines = [f"{f.title or f.url}: {f.error or f.status}" for f in feeds if f.error or f.status != "active"]
    lines += _failed(core, channel, {feed.id for feed in feeds})[:10]
    lines += [line for feed in feeds for line in _unusable(core, feed)]
    if channel.paused:
        lines.append("The channel is paused: /digest resume.")
    return lines or ["All is well: every new episode has been read, and what was worth it was posted."]


def _failed(core: Core, channel: Channel, feed_ids: set[int]) -> list[str]:
    """What went wrong with this channel and its episodes; others' troubles are not its business."""
    lines = []
    for row in core.store.work():
        if row.error and row.stage in ("transcribe", "read", "write"):
            episode = core.store.episode(row.subject)
            if episode.feed_id in feed_ids:
                lines.append(f"{episode.show}, {episode.title}: {row.error}")
        elif row.error and (row.stage, row.subject) == ("compose", channel.id):
            lines.append(row.error)
    return lines


def _unusable(core: Core, feed: Feed) -> list[str]:
    """What the gate after speech recognition found in the newest episodes that nothing is posted from."""
    newest = [(e, core.store.transcript(e.id)) for e in core.store.episodes(feed.id)[:LOOK_BACK]]
    return [f"{e.show}, {e.title}: {' '.join(t.warnings)}" for e, t in newest if t and not t.usable]


def help_(core: Core, request: Request) -> View:
    return message("\n".join(f"{command.usage} — {command.description}" for command in COMMANDS.values()))


SETTINGS = ("show", "time", "timezone", "days", "count", "quiet", "pause", "resume", "preview", "why")

COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        Command(
            name="insights",
            description="the latest insights; or those of a day, a show, a topic",
            handler=insights,
            options=(Option(name="when", description="today, 2026-11-24, a show or a topic"),),
        ),
        Command(
            name="dig",
            description="what was said around an insight",
            handler=dig,
            options=(Option(name="number", description="its number in the post"),),
        ),
        Command(
            name="ask",
            description="ask the podcasts of this channel",
            handler=ask,
            options=(Option(name="question", description="your question"),),
        ),
        Command(
            name="podcasts",
            description="list, add or remove what is followed",
            handler=podcasts,
            options=(
                Option(name="action", description="what to do", choices=("list", "add", "remove")),
                Option(name="podcast", description="address, name or number"),
            ),
        ),
        Command(
            name="digest",
            description="when and how this channel gets its post",
            handler=settings,
            options=(
                Option(name="setting", description="which one", choices=SETTINGS),
                Option(name="value", description="the new value"),
            ),
        ),
        Command(name="help", description="this list", handler=help_),
    )
}
