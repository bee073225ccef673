"""What flows through Earmark: frozen values without I/O.

Times are aware UTC datetimes (`…_at`); moments inside an episode and durations are seconds as float.
An `id` of 0 means "not stored yet".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

FeedStatus = Literal["active", "paused", "gone"]
EpisodeStatus = Literal["wanted", "seen", "skipped"]
NonContent = Literal["intro", "outro", "sponsor", "promo", "banter", "housekeeping"]
ThreadAnswers = Literal["auto", "all", "mentions"]
Stage = Literal["refresh", "transcribe", "read", "write", "compose", "publish"]
STAGES: tuple[Stage, ...] = ("refresh", "transcribe", "read", "write", "compose", "publish")


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A podcast feed and the state of polling it.

    `url` is always safe to show: a secret in it (user:password@, token) is replaced by a short keyed
    fingerprint, and the whole real URL is kept encrypted in `sealed` (empty for public feeds).
    """

    id: int = 0
    url: str
    sealed: str = field(default="", repr=False)
    title: str = ""
    link: str = ""
    language: str = ""
    medium: str = "podcast"
    podcast_guid: str = ""
    etag: str = ""
    last_modified: str = ""
    status: FeedStatus = "active"
    checked_at: datetime | None = None
    next_check_at: datetime | None = None
    failures: int = 0
    error: str = ""
    backfill: int = 1


@dataclass(frozen=True, kw_only=True)
class Enclosure:
    """An episode's media file; `url`/`sealed` as in Feed, `length_bytes` as the feed claims (0: unknown)."""

    url: str
    sealed: str = field(default="", repr=False)
    mime_type: str = ""
    length_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class TranscriptLink:
    """One `<podcast:transcript>` of an episode, as the feed declares it."""

    url: str
    sealed: str = field(default="", repr=False)
    mime_type: str = ""
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class Episode:
    """One episode. `show` is its feed's title; `status_reason` says in words why it is skipped."""

    id: int = 0
    feed_id: int = 0
    guid: str = ""
    title: str = ""
    show: str = ""
    published_at: datetime | None = None
    link: str = ""
    summary: str = ""
    enclosure: Enclosure | None = None
    duration_s: float | None = None
    transcripts: tuple[TranscriptLink, ...] = ()
    kind: Literal["full", "trailer", "bonus"] = "full"
    language: str = ""
    status: EpisodeStatus = "wanted"
    status_reason: str = ""
    first_seen_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Poll:
    """What one poll of a feed gave: its new state, and its episodes (None: nothing new was sent)."""

    feed: Feed
    episodes: tuple[Episode, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a poll changes in the store: episodes to add, and known ones (with their id) to overwrite."""

    new: tuple[Episode, ...] = ()
    updated: tuple[Episode, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Word:
    """One word and when it was said (seconds)."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A run of speech. `start`/`end` are None where the source claims no times (HTML, plain text)."""

    start: float | None
    end: float | None
    speaker: str = ""
    text: str
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """An episode in words.

    `source` is "publisher" or "asr"; `model` names the format or the engine and weights
    ("vtt", "faster-whisper tiny.en int8"). `warnings` says in words what the gate found; where
    `usable` is false nothing may be posted from it.
    """

    segments: tuple[Segment, ...]
    language: str = ""
    source: Literal["publisher", "asr"] = "publisher"
    model: str = ""
    duration_s: float | None = None
    seconds_spent: float = 0.0
    warnings: tuple[str, ...] = ()
    usable: bool = True

    @property
    def text(self) -> str:
        return " ".join(segment.text for segment in self.segments)


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """One sentence of a transcript: `start`/`end` in seconds, None where the transcript has no times."""

    start: float | None
    end: float | None
    speaker: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A run of sentences about one thing: indices `first` to `last` inclusive, `score` in 0..1.

    `evidence` are the sentence indices that carry the claim, `quote_at` the most quotable of them.
    """

    first: int
    last: int
    score: float
    evidence: tuple[int, ...]
    quote_at: int


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """A stretch that is not substance: sentence indices `first` to `last` inclusive."""

    kind: NonContent
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the reader saw: passages best first, and what it set aside. `model` names the reader."""

    sentences: tuple[Sentence, ...]
    passages: tuple[Passage, ...]
    set_aside: tuple[SetAside, ...] = ()
    model: str = ""
    seconds_spent: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Who made a sentence: transcript source, models, prompt (short hash or ""), tokens and seconds spent."""

    transcript: str = ""
    reader: str = ""
    writer: str = ""
    prompt: str = ""
    tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Insight:
    """A claim with its reason. `quote` is verbatim from the transcript, said from `start` to `end`."""

    id: int = 0
    episode_id: int = 0
    headline: str
    text: str
    quote: str
    speaker: str = ""
    start: float | None = None
    end: float | None = None
    score: float = 0.0
    provenance: Provenance = Provenance()
    created_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Channel:
    """Where a team reads: one conversation of one platform, with its schedule.

    `name` is the platform's own id of it within `workspace` (a Slack team or Discord server; "" where there
    is none), `title` what people call it; `post_time` is local "HH:MM"; `weekdays` 0 is Monday; `quiet_line`
    posts one line on days with nothing worth it. Topics in `prefer` come first, those in `mute` not at all.
    `thread_answers` says which messages in a digest's thread are answered; with `admins_only` only the
    platform's admins change settings. `trouble` says why nothing can be posted there ("": all is well).
    """

    id: int = 0
    platform: str = "console"
    workspace: str = ""
    name: str = "console"
    title: str = ""
    post_time: str = "08:00"
    timezone: str = "UTC"
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    count: int = 5
    quiet_line: bool = False
    paused: bool = False
    prefer: tuple[str, ...] = ()
    mute: tuple[str, ...] = ()
    thread_answers: ThreadAnswers = "auto"
    admins_only: bool = False
    trouble: str = ""
    next_post_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """A channel follows a feed; episodes published before `since` are not its news (None: all wanted)."""

    channel_id: int
    feed_id: int
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Pick:
    """An insight with the episode it is from."""

    insight: Insight
    episode: Episode


@dataclass(frozen=True, kw_only=True)
class Digest:
    """What one channel gets at once, best first; unique per channel, local date and part."""

    id: int = 0
    channel_id: int
    local_date: date
    part: int = 0
    picks: tuple[Pick, ...] = ()
    episodes_scanned: int = 0
    hours_scanned: float = 0.0
    created_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Post:
    """A digest as it stands in a channel."""

    digest_id: int
    platform: str
    channel: str
    message_id: str
    thread_id: str = ""
    posted_at: datetime


@dataclass(frozen=True, kw_only=True)
class Rating:
    """Whether a person of a channel found an insight useful; the latest word of each counts."""

    channel_id: int
    insight_id: int
    user: str
    useful: bool
    rated_at: datetime


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A question and its answer in the thread of a digest; `position` is the insight's number there, from
    1 (0: none in particular)."""

    digest_id: int
    position: int
    user: str
    question: str
    answer: str
    asked_at: datetime


@dataclass(frozen=True, kw_only=True)
class Citation:
    """Words that were said, and where."""

    quote: str
    speaker: str = ""
    start: float | None = None
    end: float | None = None
    show: str = ""
    episode: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer from the transcripts alone; `found`: they do say it. `confidence` in 0..1."""

    text: str
    citations: tuple[Citation, ...] = ()
    confidence: float = 0.0
    found: bool = False
    provenance: Provenance = Provenance()


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A lease on one unit of work; whoever holds a higher `fence` for it has taken it over."""

    stage: Stage
    subject: int
    fence: int
    attempt: int


@dataclass(frozen=True, kw_only=True)
class WorkRow:
    """One unit of work as `earmark status` shows it."""

    stage: Stage
    subject: int
    status: Literal["open", "done", "set aside"]
    attempt: int
    fence: int
    lease_until: datetime | None
    not_before: datetime | None
    error: str


@dataclass(frozen=True, kw_only=True)
class Source:
    """An episode with its transcript: what questions are asked of."""

    episode: Episode
    transcript: Transcript


def hhmmss(seconds: float | None) -> str:
    """`3725.4` → "1:02:05"; "" for None."""
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
