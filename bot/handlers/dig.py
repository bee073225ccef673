"""/dig: the passage around an insight, who said what before and after, and what else was said of it."""

from __future__ import annotations

from bot import digest, lineage
from bot.claims import Claims
from bot.domain import Channel, Episode, Pick, Reading, hhmmss
from bot.handlers.insights import digest_of, picked
from bot.request import Core, Request
from bot.views import Button, Heading, Part, Quote, Text, View, message

AROUND = 6  # sentences before and after the quote
NAMED, LOOK_BACK = 3, 200


def dig(core: Core, request: Request) -> View:
    pick, number = picked(core, request, "dig"), request.get("number")
    made = digest_of(core, request)
    reading = core.store.reading(pick.episode.id)
    if reading is None:
        return message("The transcript of that episode is no longer here.")
    parts: list[Part] = [
        Heading(text=f"{number}. {digest.amended(pick).headline}"),
        *([Text(text=digest.note(pick.erratum))] if pick.erratum else []),
        Text(text=f"{pick.episode.show} · {pick.episode.title}", quiet=True),
        *around(pick, reading),
        *_related(core, request.channel, pick),
        Button(label="Why this one?", command=f"/why {number}"),
        Text(text="\n".join(lineage.lines([pick.insight.provenance])), quiet=True),
    ]
    return View(parts=tuple(parts), private=False, digest_id=made.id if made else 0)


def around(pick: Pick, reading: Reading) -> list[Quote]:
    """What was said around the quote, a paragraph a turn."""
    words = pick.insight.quote.casefold()
    said = [n for n, sentence in enumerate(reading.sentences) if words in sentence.text.casefold()]
    middle = said[0] if said else _nearest(pick, reading)
    turns: list[tuple[str, float | None, list[str]]] = []
    for sentence in reading.sentences[max(0, middle - AROUND) : middle + AROUND + 1]:
        if not turns or turns[-1][0] != sentence.speaker:
            turns.append((sentence.speaker, sentence.start, []))
        turns[-1][2].append(sentence.text)
    return [
        Quote(text=" ".join(texts), by=", ".join(filter(None, (speaker, hhmmss(start)))))
        for speaker, start, texts in turns
    ]


def _nearest(pick: Pick, reading: Reading) -> int:
    """The sentence at the insight's moment: a quote may span two of them."""
    start = pick.insight.start
    timed = (
        [(abs(s.start - start), n) for n, s in enumerate(reading.sentences) if s.start is not None]
        if (start is not None)
        else []
    )
    return min(timed)[1] if timed else 0


def _related(core: Core, channel: Channel, pick: Pick) -> list[Part]:
    """What other episodes said of the same, as far as it was posted here."""
    had = [h.insight for h in core.store.had(channel.id, LOOK_BACK)]
    others = {i.id: i for i in had if i.episode_id != pick.insight.episode_id}
    found = Claims([pick.insight, *had]).related(pick.insight, others.values())[:NAMED]
    if not found:
        return []
    lines = [f"{i.headline} ({_place(core.store.episode(i.episode_id), i.start)})" for i in found]
    return [Text(text="Other episodes on this:\n" + "\n".join(f"• {line}" for line in lines))]


def _place(episode: Episode, start: float | None) -> str:
    return " · ".join(filter(None, (episode.show, episode.title, hhmmss(start))))
