"""The guarded client: what it refuses, what it hides, how it goes on."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from bot.errors import FetchError, Gone, Refused
from bot.feeds.fetch import Fetcher
from bot.vault import Vault
from tests.feed_server import FeedServer, Reply

VAULT = Vault(Fernet.generate_key().decode())
SECRET = "hunter2hunter2"


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
def fetcher(server: FeedServer) -> Fetcher:
    return Fetcher(VAULT, allow={server.host}, connect_s=3, read_s=3, page_s=5, file_s=5)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]", "0x7f.1"])
def test_a_private_address_is_refused_however_it_is_written(server: FeedServer, host: str) -> None:
    port = server.host.rpartition(":")[2]
    server.routes["/"] = Reply(body=b"secret")
    strict = Fetcher(VAULT, allow={f"example.invalid:{port}"}, connect_s=3)
    with pytest.raises((Refused, FetchError)):
        strict.get(f"http://{host}:{port}/")
    assert server.asked == []


def test_what_is_connected_to_is_judged_not_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(host: Any, port: Any, *args: Any, **kwargs: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(Refused, match="leads into a private network"):
        Fetcher(VAULT).get("http://innocent.example/feed")


def test_no_proxy_of_the_environment_is_used(
    server: FeedServer, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.routes["/f"] = Reply(body=b"ok")
    assert fetcher.get(server.url("/f")).body == b"ok"


def test_a_redirect_into_a_private_network_is_refused(server: FeedServer) -> None:
    with FeedServer({"/": Reply(body=b"secret")}) as inner:
        server.routes["/f"] = Reply(302, headers={"Location": inner.url("/")})
        with pytest.raises(Refused, match="port"):
            Fetcher(VAULT, allow={server.host}).get(server.url("/f"))
        assert inner.asked == []


def test_a_redirect_to_another_scheme_is_refused(server: FeedServer, fetcher: Fetcher) -> None:
    server.routes["/f"] = Reply(302, headers={"Location": "file:///etc/passwd"})
    with pytest.raises(Refused, match="only http and https"):
        fetcher.get(server.url("/f"))


def _hop(status: int, to: str) -> Reply:
    return Reply(status, headers={"Location": to})


@pytest.mark.parametrize(
    ("chain", "permanent"),
    [
        ([301], "/1"),
        ([308, 301], "/2"),
        ([302], None),
        ([307, 301], None),
        ([301, 302], "/1"),
        ([303, 308], None),
        ([], None),
    ],
)
def test_only_permanent_redirects_are_reported(
    server: FeedServer, fetcher: Fetcher, chain: list[int], permanent: str | None
) -> None:
    for number, status in enumerate(chain):
        server.routes[f"/{number}"] = _hop(status, f"/{number + 1}")
    server.routes[f"/{len(chain)}"] = Reply(body=b"here")
    response = fetcher.get(server.url("/0"))
    assert (response.body, response.url) == (b"here", server.url(f"/{len(chain)}"))
    assert response.permanent_url == (server.url(permanent) if permanent else None)


def test_a_redirect_in_bytes_that_are_no_text_is_followed(server: FeedServer, fetcher: Fetcher) -> None:
    server.routes["/f"] = Reply(301, headers={"Location": "/\xfc?token=caf\xe9"})  # sent as Latin-1
    server.routes["/%FC"] = Reply(body=b"ok")
    response = fetcher.get(server.url("/f"))
    assert response.body == b"ok"
    assert VAULT.open(response.url, response.sealed).endswith("/%FC?token=caf%E9")


def test_a_loop_of_redirects_ends(server: FeedServer, fetcher: Fetcher) -> None:
    server.routes["/f"] = _hop(301, "/f")
    with pytest.raises(FetchError, match="more than 10 times"):
        fetcher.get(server.url("/f"))
    assert len(server.asked) == 11


def test_userinfo_becomes_basic_auth_and_never_crosses_hosts(server: FeedServer) -> None:
    with FeedServer({"/there": Reply(body=b"there")}) as other:
        server.routes |= {"/f": _hop(302, "/g"), "/g": _hop(302, other.url("/there"))}
        fetcher = Fetcher(VAULT, allow={server.host, other.host})
        safe, sealed = VAULT.seal(server.url("/f", "jo:p%40ss@"))
        assert fetcher.get(safe, sealed=sealed).body == b"there"
        assert [a.headers.get("authorization") for a in server.asked] == ["Basic am86cEBzcw=="] * 2
        assert "authorization" not in other.asked[0].headers


def test_a_private_address_that_moves_stays_private(server: FeedServer, fetcher: Fetcher) -> None:
    server.routes |= {"/f": _hop(301, f"/g?token={SECRET}"), "/g": Reply(body=b"ok")}
    safe, sealed = VAULT.seal(server.url("/f", f"jo:{SECRET}@"))
    response = fetcher.get(safe, sealed=sealed)
    assert SECRET not in repr(response) and response.permanent_url
    assert VAULT.open(response.permanent_url, response.permanent_sealed) == server.url(
        f"/g?token={SECRET}", f"jo:{SECRET}@"
    )


@pytest.mark.parametrize(
    "reply",
    [
        Reply(401),
        Reply(404),
        Reply(410),
        Reply(500),
        Reply(302, headers={"Location": f"ftp://jo:{SECRET}@x/?token={SECRET}"}),
        Reply(302, headers={"Location": f"http://[{SECRET}"}),
        Reply(302, headers={"Location": f"https://jo:{SECRET}@nowhere.invalid/?token={SECRET}"}),
        Reply(200, b"not gzip", {"Content-Encoding": "gzip"}),
        Reply(200, b"x" * 100, cut=10),
        Reply(200, b"", {"Content-Encoding": "br"}),
    ],
    ids=lambda reply: f"{reply.status}",
)
def test_no_message_holds_a_secret(server: FeedServer, fetcher: Fetcher, reply: Reply) -> None:
    server.routes["/f"] = reply
    safe, sealed = VAULT.seal(server.url(f"/f?token={SECRET}", f"jo:{SECRET}@"))
    with pytest.raises(FetchError) as caught:
        fetcher.get(safe, sealed=sealed)
    error: BaseException | None = caught.value
    assert safe in str(error)
    while error is not None:
        assert SECRET not in f"{error} {error!r}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def test_an_unsealed_secret_is_hidden_too(server: FeedServer, fetcher: Fetcher) -> None:
    with pytest.raises(FetchError) as caught:
        fetcher.get(server.url(f"/missing?token={SECRET}"))
    assert SECRET not in str(caught.value)


def test_not_modified(server: FeedServer, fetcher: Fetcher, tmp_path: Path) -> None:
    server.folder = tmp_path
    (tmp_path / "f").write_bytes(b"feed")
    first = fetcher.get(server.url("/f"))
    second = fetcher.get(server.url("/f"), etag=first.headers["etag"], last_modified="yesterday")
    assert (first.status, first.body, second.status, second.body) == (200, b"feed", 304, b"")
    assert server.asked[1].headers["if-modified-since"] == "yesterday"


def test_304_without_having_asked_for_it_is_an_error(server: FeedServer, fetcher: Fetcher) -> None:
    server.routes["/f"] = Reply(304)
    with pytest.raises(FetchError, match="304"):
        fetcher.get(server.url("/f"))


def test_gone_and_retry_after(server: FeedServer, fetcher: Fetcher) -> None:
    server.routes |= {"/gone": Reply(410), "/busy": Reply(429, headers={"Retry-After": "120"})}
    with pytest.raises(Gone):
        fetcher.get(server.url("/gone"))
    with pytest.raises(FetchError, match="too often") as caught:
        fetcher.get(server.url("/busy"))
    assert (caught.value.status, caught.value.retry_after_s) == (429, 120.0)


@pytest.mark.parametrize("members", [1, 3])
def test_gzip_is_asked_for_and_decoded(server: FeedServer, fetcher: Fetcher, members: int) -> None:
    text = b"<rss>" * 50_000
    parts = [text[i::members] for i in range(members)]
    server.routes["/f"] = Reply(200, b"".join(map(gzip.compress, parts)), {"Content-Encoding": "gzip"})
    assert fetcher.get(server.url("/f")).body == b"".join(parts)
    assert server.asked[0].headers["accept-encoding"] == "gzip, identity"


def test_a_bomb_is_stopped_at_its_decoded_size(server: FeedServer, fetcher: Fetcher) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    server.routes["/f"] = Reply(200, bomb, {"Content-Encoding": "gzip"})
    with pytest.raises(Refused, match="larger than 1 MB"):
        fetcher.get(server.url("/f"), max_bytes=1_000_000)


def test_a_broken_off_gzip_is_an_error(server: FeedServer, fetcher: Fetcher) -> None:
    half = gzip.compress(bytes(range(256)) * 40)[:100]
    server.routes["/f"] = Reply(200, half, {"Content-Encoding": "gzip"})
    with pytest.raises(FetchError, match="damaged"):
        fetcher.get(server.url("/f"))


def test_a_server_that_hangs_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(FetchError, match="too long"):
            Fetcher(VAULT, allow={host}, page_s=0.3).get(f"http://{host}/")


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        host = f"127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(FetchError, match="nobody answers") as caught:
        Fetcher(VAULT, allow={host}).get(f"http://{host}/")
    assert caught.value.status == 0


def test_mounts_stand_for_folders(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "feed.xml").write_bytes(b"<rss/>")
    (tmp_path / "secret").write_bytes(b"no")
    prefix = "https://demo.invalid/"
    fetcher = Fetcher(VAULT, mounts={prefix: tmp_path / "demo"})
    first = fetcher.get(prefix + "feed.xml?x=1")
    assert (first.body, first.content_type) == (b"<rss/>", "application/rss+xml")
    assert fetcher.get(prefix + "feed.xml", etag=first.headers["etag"]).status == 304
    assert fetcher.download(prefix + "feed.xml", tmp_path / "out").size_bytes == 6
    assert (tmp_path / "out").read_bytes() == b"<rss/>"
    with pytest.raises(Refused, match="out of its folder"):
        fetcher.get(prefix + "..%2Fsecret")
    for name in ("nothing.mp3", "a%00b", "a" * 5000):
        with pytest.raises(FetchError, match="doesn't exist"):
            fetcher.get(prefix + name)
