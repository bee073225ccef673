"""Keeps the secrets in feed addresses: takes them out of a URL, encrypts them, and puts them back."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import math
import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.errors import ConfigError

# Query parameters whose value is a secret, by name without case and punctuation.
_NAMES = """
    key apikey accesskey auth authkey authorization bearer jwt ticket code hmac sig sign hash policy
    pass pw pwd pin user username userid uid uuid login email mail member memberid account accountid
    subscriber subscriberid sub sid private keypairid feedkey rsskey
"""
SECRET_NAMES = frozenset(_NAMES.split())
# … and by a part of the name: access_token, X-Amz-Signature, client_secret, PHPSESSID, …
SECRET_PARTS = re.compile(r"token|secret|passw|signature|credential|session|sessid|apikey")
# An unnamed value counts as a secret from this length on, if it mixes letters and digits this unevenly.
LONG_VALUE = 20
MIN_BITS_PER_CHARACTER = 3.3

_MARK = r"~[0-9a-f]{10}"
_MASKED = re.compile(rf"//{_MARK}@|[?&;#][^=&;#]*=?{_MARK}(?=[&;#]|$)|//[^/?#]*/{_MARK}$")
# Substack's and others' …/private/UUID.rss; Supercast, Supporting Cast and Memberful feeds.
_SECRET_PATH = re.compile(
    r"/private/[^/?#]+|//[^/?#]*\b(supercast\.com|supercast\.tech|supportingcast\.fm|memberful\.com)/(?!~)",
    re.IGNORECASE,
)
_NO_KEY = (
    "EARMARK_KEY isn't a key. Make one with `openssl rand -base64 32 | tr '+/' '-_'`, "
    "or leave it empty to have one made and kept in a file."
)


class Vault:
    """Seals and opens addresses with a Fernet key: the given string, else `key_file` (made on first use).

    Several keys, with spaces between them, newest first: the first seals, all of them open. Fingerprints and
    subkeys follow from the root, which must stay the same, or private feeds would not be known again: it is
    that of the last key, until `sealed_root` gives one that `earmark rekey` kept.
    The file is made readable by its owner alone; whoever loses the key must add private feeds again.
    """

    def __init__(
        self,
        key: str = "",
        *,
        key_file: Path | None = None,
        sealed_root: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._sealed_root = sealed_root
        self._given = key.strip()
        self._file = key_file
        self._loaded: tuple[MultiFernet, bytes] | None = None

    def seal(self, url: str, *, private: bool = False, whole_query: bool = False) -> tuple[str, str]:
        """A URL → (URL that is safe to show, sealed real URL); a public URL gives (url, "").

        Each secret is replaced by a keyed fingerprint, so that equal secrets look equal and others differ.
        `private` hides all of path and query, `whole_query` the value of every parameter. The addresses of
        hosts that put a member's secret into the path are private without being called so.
        """
        safe = (
            self._masked_path(url) if private or _SECRET_PATH.search(url) else self._masked(url, whole_query)
        )
        if safe == url:
            return url, ""
        return safe, self._keys[0].encrypt(url.encode()).decode()

    def open(self, url: str, sealed: str) -> str:
        """The real URL. Raises ConfigError when the key isn't the one it was sealed with."""
        if not sealed:
            if _MASKED.search(url):
                raise ConfigError(
                    f"The secret of {url} isn't stored here. Remove it and add its real address."
                )
            return url
        try:
            return self._keys[0].decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise ConfigError(
                f"The secret of {url} was sealed with another key. Put the old {self._source} back, "
                "or remove the feed and add its real address again."
            ) from None

    def seal_text(self, text: str) -> str:
        """Any text, sealed."""
        return self._keys[0].encrypt(text.encode()).decode()

    def open_text(self, name: str, sealed: str) -> str:
        """What `seal_text` sealed. ConfigError names it by `name` when the key isn't the one of then."""
        try:
            return self._keys[0].decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise ConfigError(
                f"The secret {name} was sealed with another key. Put the old {self._source} back."
            ) from None

    @property
    def sealed_root(self) -> str:
        """What fingerprints and subkeys follow from, sealed, to be kept where the next key finds it."""
        return self.seal_text(self._keys[1].hex())

    def renewed(self, sealed: str) -> str:
        """The same, sealed with the first key; as it is where it is already, or where no key opens it."""
        if not sealed or not self.is_old(sealed):
            return sealed
        try:
            return self._keys[0].rotate(sealed.encode()).decode()
        except InvalidToken:
            return sealed

    def is_old(self, sealed: str) -> bool:
        """Whether it takes another key than the first to open it."""
        try:
            self._first().decrypt(sealed.encode())
        except InvalidToken:
            return True
        return False

    def _first(self) -> Fernet:
        return Fernet((self._given or self._key_of_file()).split()[0].encode())

    def subkey(self, purpose: str) -> bytes:
        """A key for one purpose: always the same, and nothing about the vault's follows from it."""
        return hmac.digest(self._keys[1], purpose.encode(), "sha256")

    @property
    def _source(self) -> str:
        return "EARMARK_KEY" if self._given else f"key file ({self._file})"

    @property
    def _keys(self) -> tuple[MultiFernet, bytes]:
        if self._loaded is None:
            keys = (self._given or self._key_of_file()).split()
            try:
                fernet = MultiFernet([Fernet(key.encode()) for key in keys])
            except ValueError as exc:
                raise ConfigError(_NO_KEY if self._given else f"The {self._source} holds no key.") from exc
            self._loaded = fernet, self._root(fernet, keys[-1])
        return self._loaded

    def _root(self, fernet: MultiFernet, last: str) -> bytes:
        kept = self._sealed_root()
        if kept is None:
            return hmac.digest(last.encode(), b"earmark fingerprint", "sha256")
        try:
            return bytes.fromhex(fernet.decrypt(kept.encode()).decode())
        except InvalidToken:
            raise ConfigError(
                f"What is stored was sealed with another key. Put the old {self._source} back."
            ) from None

    def _key_of_file(self) -> str:
        if self._file is None:
            raise ConfigError("A private address needs a key to be kept with: set EARMARK_KEY.")
        try:
            if not self._file.exists():
                _create_once(self._file, Fernet.generate_key())
            return self._file.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as exc:
            raise ConfigError(f"The {self._source} can't be read or made: {type(exc).__name__}.") from exc

    def _mark(self, secret: str) -> str:
        """The fingerprint of a secret; a fingerprint stands for itself."""
        if re.fullmatch(_MARK, secret):
            return secret
        return "~" + hmac.new(self._keys[1], secret.encode(), hashlib.sha256).hexdigest()[:10]

    def _masked(self, url: str, whole_query: bool) -> str:
        head, hash_sign, fragment = url.partition("#")
        head, question, query = head.partition("?")
        head = self._masked_userinfo(head)
        return (
            head + question + self._masked_pairs(query, whole_query)
            + hash_sign + self._masked_pairs(fragment, False)
        )  # fmt: skip

    def _masked_userinfo(self, head: str) -> str:
        match = re.match(r"([a-z][a-z0-9+.-]*:)?//([^/]*)@", head, re.IGNORECASE)
        return head if not match else head[: match.start(2)] + self._mark(match[2]) + head[match.end(2) :]

    def _masked_pairs(self, query: str, every: bool) -> str:
        return "".join(self._masked_pair(part, every) for part in re.split(r"([&;])", query))

    def _masked_pair(self, pair: str, every: bool) -> str:
        name, equals, value = pair.partition("=")
        if not equals:
            name, value = "", pair
        hide = value not in {"", "&", ";"} and (every or is_secret(name, value))
        return name + equals + (self._mark(value) if hide else value)

    def _masked_path(self, url: str) -> str:
        match = re.match(r"[a-z][a-z0-9+.-]*://[^/?#]*", url, re.IGNORECASE)
        if not match:
            return self._masked(url, True)
        head, rest = match[0], url[match.end() :]
        if rest.startswith("/~"):  # masked already, or a home page's name: the same rule for both
            rest = rest[1:] if re.fullmatch(_MARK, rest[1:]) else rest
        return self._masked_userinfo(head + "/").removesuffix("/") + "/" + self._mark(rest)


def is_secret(name: str, value: str) -> bool:
    """Does this query parameter carry a secret, judged by its name (see the tables above) or its look?"""
    plain = re.sub(r"[^a-z0-9]", "", unquote(name).lower())
    if plain in SECRET_NAMES or SECRET_PARTS.search(plain):
        return True
    return _looks_random(unquote(value))


def hides_path(url: str) -> bool:
    """Was this safe URL made with `private`, so that nothing of its path shows?"""
    return re.fullmatch(rf"/{_MARK}", urlsplit(url).path) is not None


def secrets_of(url: str) -> tuple[str, ...]:
    """The secret values in a real URL, longest first, as they may reappear in texts; none shorter than 6.

    A user name is none if there is a password: it may be a common word.
    """
    head = url.partition("#")[0].partition("?")
    userinfo = re.match(r"[^/]*//([^/]*)@", head[0])
    found = [userinfo[1].rpartition(":")[2] or userinfo[1]] if userinfo else []
    for pair in re.split(r"[&;]", head[2]):
        name, _, value = pair.partition("=")
        if value and is_secret(name, value):
            found += [value, unquote(value)]
    return tuple(sorted({secret for secret in found if len(secret) >= 6}, key=lambda s: (-len(s), s)))


def _looks_random(text: str) -> bool:
    """A long run of mixed letters and digits: no file name, and no words joined by hyphens."""
    if len(text) < LONG_VALUE or not re.fullmatch(r"[\w.+/=~-]+(?<!\.\w{2})(?<!\.\w{3})(?<!\.\w{4})", text):
        return False
    runs = [run for run in re.split(r"[-_.]", text) if re.search(r"\d", run) and re.search(r"[A-Za-z]", run)]
    both_cases = re.search(r"[a-z]", text) and re.search(r"[A-Z]", text)
    long_run = sum(map(len, runs)) >= LONG_VALUE / 2
    return bool(runs) and bool(both_cases or long_run) and _bits(text) >= MIN_BITS_PER_CHARACTER


def _bits(text: str) -> float:
    """Shannon's entropy a character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def _create_once(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read; if another process was faster, its file stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        os.unlink(temporary)
