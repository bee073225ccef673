"""What those who listen must remember."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

SealedKind = Literal["feed", "episode", "secret"]


class Resealed(NamedTuple):
    """`after` is the last row's mark ("": there is no further one); `texts` of them were sealed anew."""

    after: str
    texts: int


class NoteStore(Protocol):
    """What listeners must remember: what they have seen, and secrets (always sealed before they get here)."""

    def first_time(self, key: str, now: datetime) -> bool:
        """Note `key`; False when it is noted already: an event that is delivered twice acts once."""
        ...

    def take(self, key: str, since: datetime) -> bool:
        """Strike out `key`; whether it was noted at or after `since`: a state that works once."""
        ...

    def forget_notes(self, before: datetime) -> None: ...

    def save_secret(self, name: str, sealed: str) -> None: ...

    def secret(self, name: str) -> str | None: ...

    def secrets(self, prefix: str) -> list[str]:
        """The names that begin so."""
        ...

    def delete_secret(self, name: str) -> None: ...

    def reseal(self, kind: SealedKind, after: str, limit: int, renewed: Callable[[str], str]) -> Resealed:
        """Put through `renewed` all that is sealed in the next `limit` rows behind `after` ("": from the
        first), in one transaction."""
        ...
