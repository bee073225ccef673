"""The pages over HTTP: routes, who may read what, and the headers that every answer carries."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from adapters.web.headers import Headers, Prefix
from adapters.web.hear import Hearing
from adapters.web.links import Links, is_private, root_of
from adapters.web.site import HERE, Site, templates
from bot.domain import Channel, Digest, Episode, Feed, Pick
from bot.errors import EarmarkError, StoreError
from bot.export import ENDINGS, Format
from bot.pages import LETTERS
from bot.ports import PageKind, Pages, Store

log = logging.getLogger(__name__)
T = TypeVar("T")

ASSETS = {"earmark.css": "text/css", "follow.js": "text/javascript", "icon.svg": "image/svg+xml"}
MIME = {"md": "text/markdown", "csv": "text/csv"}
A_YEAR_S = 365 * 86400
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")  # what a database's integer holds
KINDS: dict[str, PageKind] = {letter: kind for kind, letter in LETTERS.items()}


def application(
    store: Store,
    pages: Pages,
    *,
    public_url: str = "",
    is_public: bool = False,
    hearing: Hearing | None = None,
) -> Starlette:
    """`public_url` is where people reach it ("": as they ask for it); `is_public` opens the library;
    `hearing` None: no clips."""
    root = root_of(public_url)
    site = Site(store=store, environment=templates(), root=root, assets=_version(), hearing=hearing)
    served = Served(site=site, pages=pages, base=public_url.rstrip("/"), is_public=is_public)
    made = Starlette(
        routes=served.routes(),
        middleware=[
            Middleware(Prefix, root=site.root),
            Middleware(Headers),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5),
        ],
        exception_handlers={HTTPException: served.refused, EarmarkError: served.troubled},
    )
    made.router.redirect_slashes = False  # it would tell which paths are there
    return made


def _version() -> str:
    """A new name for the assets whenever they change: browsers keep them for a year."""
    content = b"".join((HERE / "static" / name).read_bytes() for name in sorted(ASSETS))
    return hashlib.sha256(content).hexdigest()[:12]


async def alive(request: Request) -> Response:
    """On the loop: it answers while all threads make pages."""
    return PlainTextResponse("ok\n")


def missing() -> HTTPException:
    """One answer to a wrong number, a wrong token and a page that is gone: nothing is given away."""
    return HTTPException(404, "There is no such page. Its link may have been cut, or has been replaced.")


@dataclass(frozen=True, kw_only=True)
class Served:
    """The endpoints. Plain functions: Starlette runs them in threads, so that a slow page blocks no other."""

    site: Site
    pages: Pages
    base: str
    is_public: bool

    def routes(self) -> list[Route]:
        e, s, d, c = (f"/{LETTERS[kind]}/{{id}}" for kind in ("episode", "show", "digest", "channel"))
        return [
            Route("/healthz", alive),
            Route("/readyz", self.ready),
            Route("/", self.library),
            Route("/static/{version}/{name}", self.asset),
            *(Route(path, self.episode) for path in (e, f"{e}/{{token}}")),
            *(Route(path, self.show) for path in (s, f"{s}/{{token}}")),
            Route(f"{e}/{{token}}/hear/{{insight}}.mp3", self.episode_clip),
            Route(f"{d}/{{token}}", self.digest),
            Route(f"{d}/{{token}}/hear/{{insight}}.mp3", self.digest_clip),
            Route(f"{d}/{{token}}/insights.{{ending}}", self.digest_file),
            Route(f"{c}/{{token}}", self.channel),
            Route(f"{c}/{{token}}/feed.xml", self.feed),
            Route(f"{c}/{{token}}/insights.{{ending}}", self.channel_file),
        ]

    def ready(self, request: Request) -> Response:
        """Whether the database answers; any row will do, or none."""
        try:
            self.site.store.secret("ready")
        except EarmarkError as error:
            log.warning("not ready: %s", error)
            return PlainTextResponse("The database doesn't answer.\n", 503)
        return PlainTextResponse("ready\n")

    def library(self, request: Request) -> Response:
        links = self._links(is_open=True)
        if self.is_public:
            return _shown(self.site.library(links), links)
        return HTMLResponse(self.site.page("closed", links))

    def asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in ASSETS:
            raise missing()
        kept = {"Cache-Control": f"public, max-age={A_YEAR_S}, immutable"}
        return FileResponse(HERE / "static" / name, media_type=ASSETS[name], headers=kept)

    def episode(self, request: Request) -> Response:
        id_, token = self._asked(request, "episode")
        episode: Episode = self._found(self.site.store.episode, id_)
        self._open(token, self.site.store.feed(episode.feed_id), episode)
        links = self._links(is_open=not token)
        return _shown(self.site.episode(episode, links, request.query_params.get("q", "")), links)

    def episode_clip(self, request: Request) -> Response:
        id_, _ = self._asked(request, "episode")
        episode: Episode = self._found(self.site.store.episode, id_)
        return self._clip(request, lambda hearing: hearing.of_episode(episode))

    def digest_clip(self, request: Request) -> Response:
        made = self._digest(request)
        return self._clip(request, lambda hearing: hearing.of_digest(made))

    def _clip(self, request: Request, audible: Callable[[Hearing], Mapping[int, Pick]]) -> Response:
        number, hearing = request.path_params["insight"], self.site.hearing
        pick = audible(hearing).get(int(number)) if hearing and _NUMBER.fullmatch(number) else None
        if hearing is None or pick is None:
            raise missing()
        return hearing.file(pick)

    def show(self, request: Request) -> Response:
        id_, token = self._asked(request, "show")
        feed: Feed = self._found(self.site.store.feed, id_)
        self._open(token, feed)
        links = self._links(is_open=not token)
        return _shown(self.site.show(feed, links, _page(request)), links)

    def digest(self, request: Request) -> Response:
        return HTMLResponse(self.site.digest(self._digest(request), self._links()))

    def digest_file(self, request: Request) -> Response:
        made, kind = self._digest(request), _format(request)
        name = f"earmark-{made.local_date}.{ENDINGS[kind]}"
        return _file(self.site.digest_file(made, self._whole(request), kind), name)

    def channel(self, request: Request) -> Response:
        return HTMLResponse(self.site.channel(self._channel(request), self._links(), _page(request)))

    def channel_file(self, request: Request) -> Response:
        channel, kind = self._channel(request), _format(request)
        return _file(self.site.channel_file(channel, self._whole(request), kind), f"earmark.{ENDINGS[kind]}")

    def feed(self, request: Request) -> Response:
        """With an ETag, since readers ask every hour for what changes once a day."""
        content = self.site.feed(self._channel(request), self._whole(request))
        tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers={"ETag": tag})
        return Response(content, media_type="application/rss+xml; charset=utf-8", headers={"ETag": tag})

    def refused(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return self._told(error.status_code, error.detail)

    def troubled(self, request: Request, error: Exception) -> Response:
        log.error("a page can't be shown: %s", error)
        return self._told(503, "The library doesn't answer at the moment. Try again in a minute.")

    def _told(self, status: int, text: str) -> Response:
        return HTMLResponse(self.site.page("told", self._links(), status=status, text=text), status)

    def _links(self, *, is_open: bool = False) -> Links:
        return Links(pages=self.pages, root=self.site.root, is_open=is_open)

    def _whole(self, request: Request) -> Links:
        return Links(pages=self.pages, root=self.base or str(request.base_url).rstrip("/"))

    def _digest(self, request: Request) -> Digest:
        return self._found(self.site.store.digest, self._asked(request, "digest")[0])

    def _channel(self, request: Request) -> Channel:
        return self._found(self.site.store.channel, self._asked(request, "channel")[0])

    def _asked(self, request: Request, kind: PageKind) -> tuple[int, str]:
        """The page's number and its token, which is right (or "", where the library is public). The token is
        looked at before the store is: what is there and what isn't take the same time to refuse."""
        number, token = request.path_params["id"], request.path_params.get("token", "")
        if not _NUMBER.fullmatch(number):
            raise missing()
        may = self.pages.opens(kind, int(number), token) if token else self.is_public
        if not may:
            raise missing()
        return int(number), token

    def _open(self, token: str, feed: Feed, episode: Episode | None = None) -> None:
        if not token and is_private(feed, episode):
            raise missing()

    def _found(self, get: Callable[[int], T], id_: int) -> T:
        try:
            return get(id_)
        except StoreError:
            self.site.store.secret("ready")  # raises where it isn't this row alone that can't be had
            raise missing() from None


def _shown(page: str, links: Links) -> Response:
    return HTMLResponse(page, headers={"X-Robots-Tag": "all"} if links.is_open else {})


def _page(request: Request) -> int:
    number = request.query_params.get("page", "1")
    return int(number) if _NUMBER.fullmatch(number) and len(number) < 5 else 1


def _format(request: Request) -> Format:
    wanted = request.path_params["ending"]
    for kind, ending in ENDINGS.items():
        if ending == wanted:
            return kind
    raise missing()


def _file(text: str, name: str) -> Response:
    mime = MIME[name.rpartition(".")[2]]
    return Response(
        text,
        media_type=f"{mime}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
