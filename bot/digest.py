"""How a digest is worded, purely; `choice.py` says what is in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from bot.domain import Digest, Episode, Erratum, Follow, Insight, Pick, hhmmss
from bot.ports import Pages
from bot.views import Button, Heading, Item, Part, Place, Reference, Text, View

CORRECTED = "A correction. The post above can no longer be edited, so here is how it should read:"
STANDS = "The corrections of the post above have been taken back: it stands as it is."
CORRECTIONS = (CORRECTED, STANDS)
SOURCES = 3  # how many others that say the same are named; of more, how many there are


def view(digest: Digest, pages: Pages | None = None, *, clips: bool = False) -> View:
    """One message: what was scanned, the insights with a button each to dig and to rate, who made them.

    Links go to our own `pages` where there are any, else to the publisher's. With `clips` each one that has
    audio has a button to hear it.
    """
    told = tuple(Text(text=notice.text) for notice in digest.notices)
    if not digest.picks and told:
        return View(parts=told, private=False, digest_id=digest.id)
    if not digest.picks:
        nothing = Text(text=f"{_scanned(digest)} Nothing worth a post today.", quiet=True)
        return View(parts=(nothing,), private=False, digest_id=digest.id)
    title = "The one thing" if len(digest.picks) == 1 else f"The {_number(len(digest.picks))} things"
    parts: list[Part] = [
        Heading(text=f"{title} worth knowing · {long_date(digest.local_date)}"),
        Text(text=_scanned(digest), quiet=True),
        *(item(pick, n, pages, digest.local_date) for n, pick in enumerate(digest.picks, 1)),
        *(b for n, pick in enumerate(digest.picks, 1) for b in _buttons(n, pick, digest.id, clips)),
        *told,
        Text(text=made_by(digest.picks), quiet=True),
    ]
    return View(parts=tuple(parts), private=False, digest_id=digest.id)


def audible(pick: Pick) -> bool:
    return pick.episode.enclosure is not None


def correction(digest: Digest, pages: Pages | None = None) -> View:
    """What is said in the thread of a post that can no longer be edited: how its insights stand by now."""
    wrong = [
        item(pick, n, pages, digest.local_date) for n, pick in enumerate(digest.picks, 1) if pick.erratum
    ]
    told = Text(text=CORRECTED if wrong else STANDS)
    return View(parts=(told, *wrong), private=False, digest_id=digest.id)


def edition(digest: Digest) -> str:
    """Another one for each state of its corrections; "" without any."""
    return "-".join(str(pick.erratum.id) for pick in digest.picks if pick.erratum)


def clip_name(pick: Pick) -> str:
    """ "the-bread-show-12-31.mp3": plain letters, as every system takes them."""
    words = re.findall(r"[a-z0-9]+", f"{pick.episode.show or pick.episode.title} ".lower())
    moment = re.findall(r"\d+", hhmmss(pick.insight.start))
    return "-".join([*words[:8], *moment])[:60].strip("-") + ".mp3" if words or moment else "clip.mp3"


def _buttons(number: int, pick: Pick, digest_id: int, clips: bool) -> tuple[Button, ...]:
    dig = Button(label=f"Dig into {number}", command=f"/dig {number}", item=number)
    if is_withdrawn(pick):
        return (dig,)
    hear = Button(label="▶ Hear it", command=f"/hear {number}", item=number, icon="▶️")
    # The form that this opens doesn't know the message that it was opened in: hence the post's number.
    wrong = f"/wrong post:{digest_id} {number}" if digest_id else f"/wrong {number}"
    return (
        dig,
        *((hear,) if clips and audible(pick) else ()),
        Button(label="👍 Useful", command=f"/rate {number} useful", item=number, minor=True),
        Button(label="👎 Not useful", command=f"/rate {number} useless", item=number, minor=True),
        Button(label="Wrong?", command=wrong, item=number, minor=True),
    )


def item(pick: Pick, number: int, pages: Pages | None = None, today: date | None = None) -> Item:
    """Both links lead to our own page at that moment where there is one: it plays from there. `today`: the
    day of its post, from which earlier ones are named."""
    insight, place, struck = amended(pick), _place(pick, pages), is_withdrawn(pick)
    return Item(
        number=number,
        headline=insight.headline,
        text="" if struck else insight.text,
        quote="" if struck else insight.quote,
        by="" if struck else insight.speaker,
        note=note(pick.erratum),
        struck=struck,
        source=place.source,
        moment=place.moment,
        page=place.page,
        link=place.link,
        also=() if struck else tuple(_place(other, pages) for other in pick.also[:SOURCES]),
        more=0 if struck else max(0, len(pick.also) - SOURCES),
        follows=_reference(pick.follows, pages, today) if pick.follows and not struck else None,
    )


def _place(pick: Pick, pages: Pages | None) -> Place:
    ours = page_link(pick, pages) if pages else ""
    return Place(
        source=" · ".join(filter(None, (pick.episode.show, pick.episode.title))),
        moment=hhmmss(pick.insight.start),
        page=ours or web(pick.episode.link),
        link=ours or moment_link(pick),
    )


def _reference(follow: Follow, pages: Pages | None, today: date | None) -> Reference:
    link = pages.link("digest", follow.digest_id) if pages else ""
    return Reference(when=_whose(follow.local_date, today), headline=follow.headline, link=link)


def _whose(day: date, today: date | None) -> str:
    """ "Tuesday’s" within a week, "3 November’s" before."""
    apart = today - day if today else None
    if apart == timedelta(0):
        return "today’s"
    if apart == timedelta(1):
        return "yesterday’s"
    return f"{day:%A}’s" if apart and apart < timedelta(7) else f"{day.day} {day:%B}’s"


def is_withdrawn(pick: Pick) -> bool:
    return pick.erratum is not None and pick.erratum.verdict == "withdrawn"


def amended(pick: Pick) -> Insight:
    """The insight in the words that the channel gave it, if it did."""
    erratum = pick.erratum
    if erratum is None or erratum.verdict != "corrected":
        return pick.insight
    return replace(pick.insight, headline=erratum.headline, text=erratum.text)


def note(erratum: Erratum | None) -> str:
    """What was found wrong, when, and by whom: people's words are never passed off as a model's; "" if
    nothing was."""
    if erratum is None:
        return ""
    day = f"{erratum.decided_at.day} {erratum.decided_at:%B %Y}"
    by = "by the channel" if erratum.channel_id is not None else "after a check against the transcript"
    reason = f": {erratum.reason.rstrip('. ')}" if erratum.reason else ""
    return f"{erratum.verdict.capitalize()} on {day} {by}{reason}."


def page_link(pick: Pick, pages: Pages) -> str:
    """Our own page of the episode at what the insight rests on; "" where there is none."""
    return pages.link("episode", pick.episode.id, fragment(pick.insight))


def fragment(insight: Insight) -> str:
    """What the insight's place on its episode's page is called."""
    return f"i{insight.id}" if insight.start is None else f"t={int(insight.start)}"


def moment_link(pick: Pick) -> str:
    """The audio at that second (Media Fragments URI, W3C 2012), else "".

    A private feed's audio address holds a secret, so it is never linked.
    """
    return _audio_at(pick.episode, pick.insight.start)


def link_at(episode: Episode, start: float | None, pages: Pages | None) -> str:
    """Where a second of an episode is heard and read: on our own page, else at the publisher's."""
    place = "transcript" if start is None else f"t={int(start)}"
    ours = pages.link("episode", episode.id, place) if pages else ""
    return ours or _audio_at(episode, start) or web(episode.link)


def _audio_at(episode: Episode, start: float | None) -> str:
    enclosure = episode.enclosure
    if enclosure is None or enclosure.sealed or start is None or not web(enclosure.url):
        return ""
    return f"{enclosure.url.partition('#')[0]}#t={int(start)}"


def web(url: str) -> str:
    """The address if it is one for a browser: feeds may name any scheme."""
    return url if url.lower().startswith(("http://", "https://")) else ""


def made_by(picks: Sequence[Pick]) -> str:
    """Which models are being read, in one line."""
    made = [pick.insight.provenance for pick in picks]
    steps = (
        ("Transcripts: ", (p.transcript for p in made)),
        ("read by ", (p.reader for p in made)),
        ("written by ", (p.writer for p in made)),
    )
    return "; ".join(start + ", ".join(names) for start, step in steps if (names := _distinct(step))) + "."


def _distinct(names: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name]


def long_date(day: date) -> str:
    """ "Tuesday 24 November"."""
    return f"{day:%A} {day.day} {day:%B}"


def _scanned(digest: Digest) -> str:
    episodes = f"{digest.episodes_scanned} new episode" + ("" if digest.episodes_scanned == 1 else "s")
    minutes = round(digest.hours_scanned * 60)
    length = f"{digest.hours_scanned:.1f} hours" if minutes >= 90 else f"{minutes} minutes"
    return f"Scanned {episodes}, {length} of talk."


def _number(count: int) -> str:
    names = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return names[count] if count < len(names) else str(count)
