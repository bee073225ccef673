"""/hear: the audio around an insight's quote, as a file in the thread of its post."""

from __future__ import annotations

import threading
from datetime import timedelta

from bot import digest
from bot.domain import Clip, Pick, hhmmss
from bot.errors import AudioError, EarmarkError, FetchError
from bot.handlers.insights import digest_of, picked
from bot.request import Core, Request
from bot.views import Audio, Part, Quote, Text, View, message

CUTTING = "Cutting the audio around that quote … it comes into the thread in a moment."
LINK = "The link of an insight leads to its moment."
OFF = f"Clips are switched off here (EARMARK_CLIPS). {LINK}"
OFF_IN_CHANNEL = f"Clips are switched off in this channel (/digest clips on). {LINK}"
ONCE_IN = timedelta(minutes=1)
SHIFTED_S = 5.0

_in_hand: set[tuple[int, int]] = set()
_lock = threading.Lock()


def hear(core: Core, request: Request) -> View:
    """The clip with what is said in it beside; never twice within a minute into the same thread."""
    if core.clips is None:
        return message(OFF)
    if not request.channel.clips:
        return message(OFF_IN_CHANNEL)
    pick, made = picked(core, request, "hear"), digest_of(core, request)
    thread = (made.id if made else 0, pick.insight.id)
    with _lock:
        if thread in _in_hand:
            return message("It is being cut already, and comes into the thread in a moment.")
        _in_hand.add(thread)
    try:
        return _heard(core, request, pick, *thread)
    finally:
        _in_hand.discard(thread)


def _heard(core: Core, request: Request, pick: Pick, digest_id: int, insight_id: int) -> View:
    assert core.clips is not None
    key = f"clip:{digest_id}:{insight_id}"
    if core.store.take(key, core.clock() - ONCE_IN):
        core.store.first_time(key, core.clock())
        return message("It was sent into the thread just now: have a look there.")
    reading = core.store.reading(pick.episode.id)
    try:
        clip = core.clips.clip(pick, reading.sentences if reading else ())
    except (AudioError, FetchError) as error:
        raise EarmarkError(f"{error} {_instead(core, pick)}".strip()) from error
    core.store.first_time(key, core.clock())
    return View(parts=_parts(core, request, pick, clip), private=False, digest_id=digest_id)


def _parts(core: Core, request: Request, pick: Pick, clip: Clip) -> tuple[Part, ...]:
    item = digest.item(pick, 1, core.pages)
    number = request.get("number")
    start, link = pick.insight.start, item.link or item.page
    shifted = start is None or abs(clip.said_at - start) > SHIFTED_S
    told = [
        f"Cut from the publisher's audio, {round(clip.duration_s)} seconds.",
        f"There it is said at {hhmmss(clip.said_at)} now." if shifted else "",
        f"The whole episode: {link}" if link else "",
    ]
    return (
        Text(text=f"{number}. {pick.insight.headline}"),
        Audio(path=clip.path, name=digest.clip_name(pick), title=clip.title, duration_s=clip.duration_s),
        Quote(text=clip.text, by=" · ".join(filter(None, (item.source, item.moment)))),
        Text(text=" ".join(filter(None, told)), quiet=True),
    )


def _instead(core: Core, pick: Pick) -> str:
    item = digest.item(pick, 1, core.pages)
    link = item.link or item.page
    return (
        f"Here is the episode instead{f', from {item.moment}' if item.moment else ''}: {link}" if link else ""
    )
