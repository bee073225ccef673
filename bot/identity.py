"""Which polled episodes are known, which are news and which are history: pure decisions.

An episode is the one with the same guid; else with the same audio address; else with the same title on the
same day, about as long. Matches are one to one, the surest first, so that two items with one guid stay two.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from bot.domain import Changes, Enclosure, Episode

DURATION_TOLERANCE_S = 600.0
TIME_TOLERANCE = timedelta(minutes=10)
# An item that turns up this long after newer ones is history that was added back, not news.
ARCHIVE_AFTER = timedelta(days=7)
BEFORE = "published before you followed it"
ARCHIVE = "older than what was already known"

_TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|updated|source|ref|dest-id|played_on|aw_\w+|listener\w*|cb|ts|t"
)
_MASK = re.compile(r"~[0-9a-f]{10}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Key = Callable[[Episode], Hashable]
Agree = Callable[[Episode, Episode], bool]


def merge(
    known: Sequence[Episode], polled: Sequence[Episode], *, first: bool, backfill: int, now: datetime
) -> Changes:
    """What a poll changes. `known` are stored episodes of the feed, `polled` its items in feed order.

    New ones get their status here: at the `first` poll the newest `backfill` (at least 1) are wanted and
    the rest seen; later all are wanted but history that is added back. Skipped ones stay skipped. Updates
    keep id, status and first_seen_at. What is the same as before is in neither list.
    """
    items = _distinct(polled)
    matches = _matched(known, items)
    fresh = [item for index, item in enumerate(items) if index not in matches]
    wanted = _newest_places(fresh, backfill, now) if first else _news_places(fresh, known, now)
    reason = BEFORE if first else ARCHIVE
    new = (_judged(item, place in wanted, reason, now) for place, item in enumerate(fresh))
    pairs = ((matches[index], item) for index, item in enumerate(items) if index in matches)
    updated = (_updated(old, item, known, now) for old, item in pairs)
    return Changes(new=tuple(new), updated=tuple(episode for episode in updated if episode))


def audio_key(enclosure: Enclosure | None) -> str:
    """What stays of an audio address when protocol, secrets and tracking change; "" without audio."""
    if enclosure is None:
        return ""
    parts = urlsplit(enclosure.url)
    pairs = [pair for pair in parts.query.split("&") if pair and not _passing(pair)]
    return f"{(parts.hostname or '').removeprefix('www.')}{parts.path}?{'&'.join(sorted(pairs))}"


def _passing(pair: str) -> bool:
    name, _, value = pair.partition("=")
    return bool(_TRACKING.fullmatch(name.lower()) or _MASK.fullmatch(value or name))


def _distinct(polled: Sequence[Episode]) -> list[Episode]:
    """Items repeated word for word are one; a second item that differs at all is kept.

    So is what has neither guid nor audio: nothing tells whether it is the same.
    """
    kept: list[Episode] = []
    said: set[Episode] = set()
    for item in polled:
        words = _said(item)
        if words not in said or not (item.guid or item.enclosure):
            kept.append(item)
        said.add(words)
    return kept


# ── matching ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class _Matching:
    """The state of matching: what is left on both sides, and the pairs found (item index → known)."""

    known: list[Episode]
    items: dict[int, Episode]
    pairs: dict[int, Episode]

    def by(self, key: Key, agree: Agree, *, alone: bool = False) -> None:
        """Pair what has an equal (true) key and agrees, nearest in time first; `alone`: unique keys only."""
        olds, news = _groups(enumerate(self.known), key), _groups(self.items.items(), key)
        taken: set[int] = set()
        for value, group in news.items():
            rivals = olds.get(value, [])
            if not rivals or (alone and (len(group) > 1 or len(rivals) > 1)):
                continue
            for index, item in group:
                fits = [(place, old) for place, old in rivals if place not in taken and agree(old, item)]
                if fits:
                    place, old = min(fits, key=lambda fit: _distance(fit[1], item))
                    taken.add(place)
                    self.pairs[index] = old
                    del self.items[index]
        self.known = [old for place, old in enumerate(self.known) if place not in taken]


def _matched(known: Sequence[Episode], items: Sequence[Episode]) -> dict[int, Episode]:
    state = _Matching(known=list(known), items=dict(enumerate(items)), pairs={})
    guids = {old.guid for old in known if old.guid}
    rewritten = len(items) > 1 and not any(item.guid in guids for item in items)
    state.by(_said, _always)
    state.by(lambda e: e.guid and (e.guid, e.enclosure and e.enclosure.url, e.title), _always)
    state.by(lambda e: e.guid and audio_key(e.enclosure) and (e.guid, audio_key(e.enclosure)), _always)
    state.by(lambda e: e.guid and (e.guid, _title(e)), _always)
    state.by(lambda e: e.guid, _always)
    state.by(lambda e: e.enclosure and e.enclosure.url, _same_audio)
    state.by(lambda e: audio_key(e.enclosure), _same_audio, alone=True)
    state.by(_title_and_day, lambda old, new: _same_airing(old, new, rewritten))
    state.by(_title, lambda old, new: _undated(old, new) and _same_airing(old, new, rewritten), alone=True)
    if rewritten:
        state.by(_title, _about_as_long, alone=True)
    return state.pairs


def _groups(episodes: Iterable[tuple[int, Episode]], key: Key) -> dict[Hashable, list[tuple[int, Episode]]]:
    groups: dict[Hashable, list[tuple[int, Episode]]] = defaultdict(list)
    for index, episode in episodes:
        value = key(episode)
        if value:
            groups[value].append((index, episode))
    return groups


def _always(old: Episode, new: Episode) -> bool:
    return True


def _same_audio(old: Episode, new: Episode) -> bool:
    """Equal audio addresses tell enough without guids; with two guids, time or title and day must agree:
    some news feeds put every bulletin at one address."""
    if not (old.guid and new.guid):
        return True
    return _at_once(old, new) or (_title(old) == _title(new) and _same_day(old, new))


def _same_airing(old: Episode, new: Episode, rewritten: bool) -> bool:
    """The same title is the same episode on the same day and as long; with two guids only if the whole feed
    was rewritten, or to the minute: a bulletin may come hourly under one title."""
    if not _about_as_long(old, new):
        return False
    return not (old.guid and new.guid) or rewritten or _at_once(old, new)


def _title(episode: Episode) -> str:
    return " ".join(re.findall(r"\w+", episode.title.casefold()))


def _title_and_day(episode: Episode) -> Hashable:
    title = _title(episode)
    return title and (title, episode.published_at and episode.published_at.date())


def _same_day(old: Episode, new: Episode) -> bool:
    return _distance(old, new) < timedelta(days=1)


def _at_once(old: Episode, new: Episode) -> bool:
    return bool(old.published_at and new.published_at) and _distance(old, new) <= TIME_TOLERANCE


def _undated(old: Episode, new: Episode) -> bool:
    """One of them came without its date: then the title must do for title and day."""
    return old.published_at is None or new.published_at is None


def _about_as_long(old: Episode, new: Episode) -> bool:
    if old.duration_s is None or new.duration_s is None:
        return True
    return abs(old.duration_s - new.duration_s) <= DURATION_TOLERANCE_S


def _distance(old: Episode, new: Episode) -> timedelta:
    """Between two dates of publication; an unknown one is near to all."""
    if old.published_at is None or new.published_at is None:
        return timedelta(hours=1)
    return abs(old.published_at - new.published_at)


# ── judging ─────────────────────────────────────────────────────────────────────────────────────────────


def _judged(item: Episode, wanted: bool, reason: str, now: datetime) -> Episode:
    if item.status == "skipped":
        return replace(item, first_seen_at=now)
    if wanted:
        return replace(item, first_seen_at=now, status="wanted", status_reason="")
    return replace(item, first_seen_at=now, status="seen", status_reason=reason)


def _newest_places(fresh: Sequence[Episode], backfill: int, now: datetime) -> set[int]:
    """Where the newest ones are that aren't skipped; one without date is as old as the one before it."""
    dated, last = [], now
    for place, item in enumerate(fresh):
        last = min(item.published_at or last, now)
        dated.append((last, place))
    newest = sorted(dated, key=lambda pair: pair[0], reverse=True)  # stable: feed order among equals
    return set([place for _, place in newest if fresh[place].status != "skipped"][: max(1, backfill)])


def _news_places(fresh: Sequence[Episode], known: Sequence[Episode], now: datetime) -> set[int]:
    start = _newest(known, now) - ARCHIVE_AFTER
    return {i for i, item in enumerate(fresh) if item.published_at is None or item.published_at >= start}


def _newest(known: Sequence[Episode], now: datetime) -> datetime:
    """The newest date known; dates in the future are mistakes and count for nothing."""
    dates = [e.published_at for e in known if e.published_at and e.published_at <= now + timedelta(days=1)]
    return max(dates, default=_EPOCH + ARCHIVE_AFTER)


def _updated(old: Episode, item: Episode, known: Sequence[Episode], now: datetime) -> Episode | None:
    """The known episode with what the feed says now; None where it says nothing new.

    One that was skipped and now has audio is judged like a new one.
    """
    status, reason = old.status, old.status_reason
    if old.status == "skipped" and item.status == "skipped":
        reason = item.status_reason
    elif old.status == "skipped":
        judged = _judged(item, bool(_news_places([item], known, now)), ARCHIVE, now)
        status, reason = judged.status, judged.status_reason
    current = replace(
        item,
        id=old.id,
        feed_id=old.feed_id,
        published_at=item.published_at or old.published_at,
        status=status,
        status_reason=reason,
        first_seen_at=old.first_seen_at,
    )
    return None if _comparable(current) == _comparable(old) else current


def _comparable(episode: Episode) -> Episode:
    """Without the encrypted forms, which differ each time that one address is sealed."""
    enclosure = episode.enclosure and replace(episode.enclosure, sealed="")
    transcripts = tuple(replace(link, sealed="") for link in episode.transcripts)
    return replace(episode, enclosure=enclosure, transcripts=transcripts)


def _said(episode: Episode) -> Episode:
    """All that the feed says of an episode, and nothing that we do."""
    bare = replace(episode, id=0, feed_id=0, status="wanted", status_reason="", first_seen_at=None)
    return _comparable(bare)
