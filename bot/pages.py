"""Addresses of our own pages, which nobody can guess: kind, number, and a token that only the key makes."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.ports import PageKind

LETTERS: dict[PageKind, str] = {"episode": "e", "digest": "d", "show": "s", "channel": "c"}
TOKEN_BYTES = 16  # 128 bits, 22 letters


@dataclass(frozen=True, kw_only=True)
class SecretPages:
    """Implements ports.Pages. `base` is the public address without a slash at its end ("": none is known);
    `key` is asked for when the first token is made."""

    base: str = ""
    key: Callable[[], bytes] = field(repr=False)

    def path(self, kind: PageKind, id_: int) -> str:
        return f"/{LETTERS[kind]}/{id_}/{self._token(kind, id_)}"

    def link(self, kind: PageKind, id_: int, fragment: str = "") -> str:
        if not self.base or not id_:
            return ""
        return self.base + self.path(kind, id_) + (f"#{fragment}" if fragment else "")

    def opens(self, kind: PageKind, id_: int, token: str) -> bool:
        return hmac.compare_digest(self._token(kind, id_).encode(), token.encode(errors="replace"))

    def _token(self, kind: PageKind, id_: int) -> str:
        made = hmac.digest(self.key(), f"{kind}:{id_}".encode(), "sha256")[:TOKEN_BYTES]
        return base64.urlsafe_b64encode(made).decode().rstrip("=")
