"""The guarded client: what it refuses, what it hides, how it goes on."""

from __future__ import annotations

import gzip
import ipaddress
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from bot.errors import FetchError, Gone, Refused
from bot.feeds.addresses import is_forbidden, joined, target
from bot.feeds.fetch import Fetcher
from bot.vault import Vault
from tests.feed_server import Asked, FeedServer, Reply

VAULT = Vault(Fernet.generate_key().decode())
SECRET = "hunter2hunter2"


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
def fetcher(server: FeedServer) -> Fetcher:
    return Fetcher(VAULT, allow={server.host}, connect_s=3, read_s=3, page_s=5, file_s=5)


FORBIDDEN = """
0.0.0.0 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 127.8.8.8 169.254.169.254 172.16.0.1 172.31.255.255
192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 239.1.1.1
240.0.0.1 255.255.255.255 168.63.129.16 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1
::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1::
2002:808:808:: 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 localhost
2130706433
"""
PUBLIC = (
    "1.1.1.1 8.8.8.8 93.184.216.34 172.15.0.1 172.32.0.1 ::ffff:8.8.8.8 2606:4700:4700::1111 2a00:1450::1"
)


@pytest.mark.parametrize("address", FORBIDDEN.split())
def test_forbidden(address: str) -> None:
    assert is_forbidden(address)


@pytest.mark.parametrize("address", PUBLIC.split())
def test_public(address: str) -> None:
    assert not is_forbidden(address)


def test_all_that_python_calls_private_is_forbidden() -> None:
    networks = ["10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10"]
    ends = [str(ipaddress.ip_network(n)[i]) for n in networks for i in (0, -1)]
    assert all(map(is_forbidden, ends))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://example.com/f", "only http and https"),
        ("file:///etc/passwd", "only http and https"),
        ("javascript:alert(1)", "only http and https"),
        ("https:///feed", "names no host"),
        ("http://example.com:22/", "port 22"),
        ("http://example.com:99999/", "isn't a valid address"),
        ("http://[::1/", "isn't a valid address"),
        ("http://exa mple.com/", "no host"),
    ],
)
def test_addresses_that_are_not_fetched(url: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        target(url, url)


@pytest.mark.parametrize(
    ("base", "reference", "expected"),
    [
        ("https://u:p@a.example/x/f", "../y", "https://u:p@a.example/y"),
        ("https://u:p@a.example/x", "https://a.example/y", "https://u:p@a.example/y"),
        ("http://u:p@a.example/x", "https://a.example/x", "https://u:p@a.example/x"),
        ("https://u:p@a.example/x", "https://b.example/y", "https://b.example/y"),
        ("https://u:p@a.example/x", "//b.example/y", "https://b.example/y"),
        ("https://u:p@a.example/x", "http://a.example/y", "http://a.example/y"),
        ("https://u:p@a.example/x", "https://a.example:8443/y", "https://a.example:8443/y"),
        ("https://u:p@a.example/x", "https://v:q@a.example/y", "https://v:q@a.example/y"),
    ],
)
def test_credentials_stay_on_their_host(base: str, reference: str, expected: str) -> None:
    assert joined(base, reference) == expected


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


AUDIO = bytes(range(256)) * 400


def ranged(asked: Asked) -> Reply:
    """A server that resumes the version "v1"."""
    headers = {"ETag": '"v1"', "Content-Type": "audio/mpeg"}
    wanted = asked.headers.get("range", "")
    if not wanted or asked.headers.get("if-range") != '"v1"':
        return Reply(200, AUDIO, headers)
    start = int(wanted.removeprefix("bytes=").removesuffix("-"))
    if start >= len(AUDIO):
        return Reply(416, headers={"Content-Range": f"bytes */{len(AUDIO)}"})
    there = f"bytes {start}-{len(AUDIO) - 1}/{len(AUDIO)}"
    return Reply(206, AUDIO[start:], {**headers, "Content-Range": there})


def test_download_streams_and_reports(server: FeedServer, fetcher: Fetcher, tmp_path: Path) -> None:
    server.routes["/a.mp3"] = ranged
    seen: list[tuple[int, int]] = []
    path = tmp_path / "a.part"
    done = fetcher.download(server.url("/a.mp3"), path, progress=lambda n, total: seen.append((n, total)))
    assert path.read_bytes() == AUDIO
    assert (done.content_type, done.size_bytes, done.resumed) == ("audio/mpeg", len(AUDIO), False)
    assert seen[-1] == (len(AUDIO), len(AUDIO)) and len(seen) > 3
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.part"]


def test_a_broken_download_goes_on_where_it_stopped(
    server: FeedServer, fetcher: Fetcher, tmp_path: Path
) -> None:
    server.routes["/a"] = Reply(200, AUDIO, {"ETag": '"v1"'}, cut=50_000)
    path = tmp_path / "a.part"
    with pytest.raises(FetchError, match="broke off"):
        fetcher.download(server.url("/a"), path)
    size = path.stat().st_size
    server.routes["/a"] = ranged
    assert fetcher.download(server.url("/a"), path).resumed
    assert path.read_bytes() == AUDIO
    assert 0 < size == int(server.asked[-1].headers["range"][6:-1])


@pytest.mark.parametrize(
    ("part", "validator", "resumed"),
    [
        (AUDIO[:1000], '"v1"', True),
        (b"old version", '"v0"', False),
        (b"of unknown version", "", False),
        (AUDIO, '"v1"', True),
        (AUDIO + b"too much", '"v1"', False),
    ],
    ids=["resumes", "changed", "unknown", "complete", "too long"],
)
def test_what_lies_there_is_used_only_if_it_fits(
    server: FeedServer, fetcher: Fetcher, tmp_path: Path, part: bytes, validator: str, resumed: bool
) -> None:
    server.routes["/a"] = ranged
    path = tmp_path / "a.part"
    path.write_bytes(part)
    if validator:
        (tmp_path / "a.part.validator").write_text(validator)
    assert fetcher.download(server.url("/a"), path).resumed is resumed
    assert path.read_bytes() == AUDIO


def test_a_server_that_ignores_ranges_starts_afresh(
    server: FeedServer, fetcher: Fetcher, tmp_path: Path
) -> None:
    server.routes["/a"] = Reply(200, AUDIO, {"ETag": '"v1"'})
    path = tmp_path / "a.part"
    path.write_bytes(AUDIO[:500])
    (tmp_path / "a.part.validator").write_text('"v1"')
    assert not fetcher.download(server.url("/a"), path).resumed
    assert path.read_bytes() == AUDIO


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_that_is_too_large_is_refused(
    server: FeedServer, fetcher: Fetcher, tmp_path: Path, announced: bool
) -> None:
    server.routes["/a"] = Reply(200, AUDIO, length=announced)
    with pytest.raises(Refused, match="larger than"):
        fetcher.download(server.url("/a"), tmp_path / "a.part", max_bytes=5000)
    part = tmp_path / "a.part"
    assert not part.exists() or part.stat().st_size <= 5000


def test_a_folder_that_cannot_be_written_is_named(
    server: FeedServer, fetcher: Fetcher, tmp_path: Path
) -> None:
    server.routes["/a"] = ranged
    with pytest.raises(FetchError, match=r"missing/a\.part can't be written"):
        fetcher.download(server.url("/a"), tmp_path / "missing" / "a.part")


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
    with pytest.raises(FetchError, match="doesn't exist"):
        fetcher.get(prefix + "nothing.mp3")
