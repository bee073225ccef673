"""The one error tree. Messages are for people: what happened to what, and what to do; never a secret.

EarmarkError
├── ConfigError            a setting is missing or wrong
├── FeedError              a feed can't be had or read
│   ├── NotAFeed           the address answers, but with something else
│   └── NotFound           a name or page leads to no feed
├── FetchError             an address can't be fetched      (.status, .retry_after_s)
│   ├── Refused            … because it must not be (private address, scheme, too large, …)
│   └── Gone               … 410: it says it will never come back
├── AudioError             an audio file can't be had or decoded
├── TranscriptError        a transcript can't be made
│   └── NoTranscript       the publisher has none (that is usable)
├── ModelError             weights can't be had, or a model can't do this (a language, say)
├── StoreError             the database can't do it
│   └── LeaseLost          another worker has taken the work over; drop the result
└── PublishError           a platform doesn't take the post (.retry_after_s)
    └── Unreachable        … and won't: the channel is gone, the token revoked, a scope missing
"""

from __future__ import annotations


class EarmarkError(Exception):
    """Everything that can be expected to go wrong. `permanent` means: trying again won't help; `passing`: it
    is nothing about this unit of work (no network, a full disk), so it counts for no failed attempt."""

    permanent = False
    passing = False


class ConfigError(EarmarkError):
    permanent = True


class FeedError(EarmarkError):
    pass


class NotAFeed(FeedError):
    pass


class NotFound(FeedError):
    pass


class FetchError(EarmarkError):
    """`status` is the HTTP status (0: none came); `retry_after_s` what the server asked for."""

    def __init__(self, message: str, *, status: int = 0, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.passing = not self.permanent and (status in {0, 429} or status >= 500)
        self.retry_after_s = retry_after_s


class Refused(FetchError):
    permanent = True


class Gone(FetchError):
    """`SAYS_GONE` is in its text, which is all that is stored of it."""

    SAYS_GONE = "says it is gone for good (410)"
    permanent = True


class AudioError(EarmarkError):
    permanent = True


class TranscriptError(EarmarkError):
    pass


class NoTranscript(TranscriptError):
    pass


class ModelError(EarmarkError):
    pass


class StoreError(EarmarkError):
    passing = True


class LeaseLost(StoreError):
    pass


class PublishError(EarmarkError):
    """`retry_after_s` is what the platform asked for (None: it said nothing)."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Unreachable(PublishError):
    permanent = True


def of_system(error: OSError) -> str:
    """What the system refuses, in words: which file, why, and what to do about it."""
    where = f"{error.filename}: " if error.filename else ""
    why = error.strerror or type(error).__name__
    return f"{where}{why}. Check the path, its permissions, and the room on the disk."
