"""A larger model behind an OpenAI-compatible endpoint (a local server or a vendor) as the drafter."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from pydantic import SecretStr

from bot.domain import Rung
from bot.errors import ConfigError, ModelError
from bot.prompts import Decoding
from bot.write.generate import Drawn

MAX_BYTES = 1_000_000
MAX_TOKENS = 400
USUAL = Decoding(temperature=0.4, top_p=1)
_ADVICE = {
    400: "it doesn't understand the question; check the model's name",
    401: "it doesn't accept the key; check EARMARK_LLM_KEY",
    403: "it refuses the key for this model; check EARMARK_LLM_KEY",
    404: "there is no such model or address; EARMARK_LLM_URL usually ends in /v1",
    429: "it says we asked too often or the credit is used up. It is tried again later",
}


class EndpointDrafter:
    """Implements Drafter over `POST {url}/chat/completions`; raises ModelError where no answer comes.

    `url` is the endpoint's base ("http://localhost:11434/v1"). The key goes nowhere but into the request's
    header: never into a message, never along a redirect (none is followed). `timeout_s` is for one answer,
    `decoding` how it is drawn.
    """

    rung: Rung = "endpoint"

    def __init__(
        self,
        url: str,
        model: str,
        key: SecretStr | None = None,
        *,
        timeout_s: float = 120,
        decoding: Decoding = USUAL,
    ) -> None:
        self._url, self._where = _checked(url)
        self._model, self._key = model, key
        self._timeout_s, self._decoding = timeout_s, decoding
        self.name, self.tokens, self.tokens_out = model, 0, 0

    def draw(self, asked: str, n: int, *, among: Collection[int] | None = None) -> list[Drawn]:
        """`n` answers, one request each, side by side; `among` is a ConfigError."""
        if among is not None:
            raise ConfigError(
                f"{self.name} can't be held to the words of a passage; set EARMARK_COPYING=false"
            )
        return asyncio.run(self._drawn(asked, n))

    async def _drawn(self, asked: str, n: int) -> list[Drawn]:
        timeout = aiohttp.ClientTimeout(total=self._timeout_s)
        async with aiohttp.ClientSession(timeout=timeout, headers=self._headers()) as session:
            answers = await asyncio.gather(*(self._one(session, asked) for _ in range(n)))
        return [Drawn(text=text) for text in dict.fromkeys(answers)]

    def _headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._key.get_secret_value()}"} if self._key else {}

    async def _one(self, session: aiohttp.ClientSession, asked: str) -> str:
        question = {
            "model": self._model,
            "messages": [{"role": "user", "content": asked}],
            "temperature": self._decoding.temperature,
            **({"top_p": self._decoding.top_p} if self._decoding.top_p < 1 else {}),
            "max_tokens": MAX_TOKENS,
        }
        try:
            async with session.post(self._url, json=question, allow_redirects=False) as response:
                body = await _whole(response, self._where)
                return self._answer(response.status, body)
        except TimeoutError:
            # Their own texts may hold the address with what it carries: not chained.
            raise ModelError(f"{self._where} gave no answer within {self._timeout_s:g} s.") from None
        except (aiohttp.ClientError, OSError):
            raise ModelError(f"{self._where} can't be reached; is the server running?") from None

    def _answer(self, status: int, body: bytes) -> str:
        if status != 200:
            words = _ADVICE.get(status, "it answers with an error. It is tried again later")
            raise ModelError(f"{self._where} gave no insight: {words} ({status}).")
        try:
            said = json.loads(body)
            text = said["choices"][0]["message"]["content"]
            self.tokens += _used(said, "total_tokens")
            self.tokens_out += _used(said, "completion_tokens")
        except (ValueError, LookupError, TypeError) as error:
            raise ModelError(f"{self._where} answers, but not as a chat endpoint does.") from error
        return text.strip() if isinstance(text, str) else ""


def _checked(url: str) -> tuple[str, str]:
    """Where to post, and how the endpoint is called in messages: its host, nothing that may be secret."""
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https"):
        raise ConfigError("EARMARK_LLM_URL isn't an address; it looks like http://localhost:11434/v1")
    if parts.username or parts.password:
        raise ConfigError("EARMARK_LLM_URL must hold no user and password; a key goes into EARMARK_LLM_KEY")
    return f"{url.strip().rstrip('/')}/chat/completions", f"The model's endpoint at {host}{port}"


async def _whole(response: aiohttp.ClientResponse, where: str) -> bytes:
    body = b""
    async for piece in response.content.iter_chunked(16 * 1024):
        body += piece
        if len(body) > MAX_BYTES:
            raise ModelError(f"{where} sends more than {MAX_BYTES // 1_000_000} MB, which is no insight.")
    return body


def _used(said: Mapping[str, Any], kind: str) -> int:
    usage = said.get("usage")
    count = usage.get(kind) if isinstance(usage, Mapping) else 0
    return count if isinstance(count, int) and count > 0 else 0
