"""What flows through Earmark: frozen values without I/O.

Times are aware UTC datetimes (`…_at`); moments inside an episode and durations are seconds as float.
An `id` of 0 means "not stored yet".
"""

from __future__ import annotations

from bot.domain.channels import (
    Channel,
    Digest,
    Post,
    Rated,
    Rating,
    Subscription,
    ThreadAnswers,
    Turn,
)
from bot.domain.errata import (
    Erratum,
    Flag,
    FlagStatus,
    Recheck,
    Verdict,
)
from bot.domain.insights import (
    Answer,
    Citation,
    Clip,
    Follow,
    Had,
    Insight,
    Leaning,
    Pick,
    Provenance,
    Rung,
    Spent,
    Why,
)
from bot.domain.publishing import (
    Changes,
    Enclosure,
    Episode,
    EpisodeStatus,
    Feed,
    FeedStatus,
    Poll,
    TranscriptLink,
)
from bot.domain.speech import (
    NonContent,
    Passage,
    Reading,
    Segment,
    Sentence,
    SetAside,
    Source,
    Transcript,
    Word,
    hhmmss,
)
from bot.domain.work import (
    STAGES,
    UPSTREAM,
    Claim,
    Stage,
    WorkRow,
)

__all__ = [
    "STAGES",
    "UPSTREAM",
    "Answer",
    "Changes",
    "Channel",
    "Citation",
    "Claim",
    "Clip",
    "Digest",
    "Enclosure",
    "Episode",
    "EpisodeStatus",
    "Erratum",
    "Feed",
    "FeedStatus",
    "Flag",
    "FlagStatus",
    "Follow",
    "Had",
    "Insight",
    "Leaning",
    "NonContent",
    "Passage",
    "Pick",
    "Poll",
    "Post",
    "Provenance",
    "Rated",
    "Rating",
    "Reading",
    "Recheck",
    "Rung",
    "Segment",
    "Sentence",
    "SetAside",
    "Source",
    "Spent",
    "Stage",
    "Subscription",
    "ThreadAnswers",
    "Transcript",
    "TranscriptLink",
    "Turn",
    "Verdict",
    "Why",
    "Word",
    "WorkRow",
    "hhmmss",
]
