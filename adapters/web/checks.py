"""What `earmark doctor` says of the pages: are they on, where are they, does anybody answer there?"""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

from bot.ports import Host

Finding = tuple[str, str, str]
NEAR = ("localhost", "127.0.0.1", "::1")
PATIENCE_S = 3.0


def examine(host: Host) -> Iterator[Finding]:
    """One finding, or two where there is an address to ask."""
    public = host.setting("PUBLIC_URL")
    here = f"http://{host.setting('HTTP_HOST')}:{host.setting('WEB_PORT')}/"
    if host.pages is None:
        yield "note", "pages", "switched off (PAGES=off)"
    elif not public:
        said = f"`earmark serve web` shows them at {here}; posts link to them once PUBLIC_URL is set"
        yield "note", "pages", said
    else:
        yield from _public(public, here)


def _public(public: str, here: str) -> Iterator[Finding]:
    address = urlsplit(public)
    if address.scheme not in ("http", "https") or not address.hostname or address.query or address.fragment:
        yield "broken", "pages", "PUBLIC_URL must be an address such as https://earmark.example.com"
        return
    if address.scheme == "http" and address.hostname not in NEAR:
        yield "note", "pages", "PUBLIC_URL is not https: whoever listens in reads the secret links too"
    yield _asked(public.rstrip("/") + "/readyz", here)


def _asked(url: str, here: str) -> Finding:
    """A note, not a fault: some networks don't let a machine reach itself from outside."""
    unsure = f"{url} doesn't answer from here; `earmark run` or `earmark serve web` serves it at {here}"
    try:
        with urlopen(url, timeout=PATIENCE_S) as reply:  # nosec B310 # http and https only, see _public
            ours = reply.read(64).strip() == b"ready"
    except HTTPError as error:
        return "note", "pages", f"{url} answers with status {error.code}: it must lead to {here}"
    except (OSError, HTTPException, ValueError):
        return "note", "pages", unsure
    return ("ok", "pages", f"served at {url.removesuffix('/readyz')}") if ours else ("note", "pages", unsure)
