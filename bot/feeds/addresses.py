"""Which addresses may be fetched: pure rules against requests into private networks."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from bot.errors import Refused

# Not ipaddress.is_global: on Python 3.11 it takes 2002::/16, 64:ff9b::/96, 224.0.0.0/4 and more for public.
_DENIED_V4 = """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
    192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15
    198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 168.63.129.16/32
"""  # the last one is Azure's metadata service; the others' lie in private ranges
# Only 2000::/3 is given out: loopback, link-local, ULA, multicast, 64:ff9b::/96 and ::127.0.0.1 lie outside.
_GIVEN_OUT = ipaddress.IPv6Network("2000::/3")
_DENIED_V6 = "2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20"
_NETWORKS_V4 = tuple(map(ipaddress.IPv4Network, _DENIED_V4.split()))
_NETWORKS_V6 = tuple(map(ipaddress.IPv6Network, _DENIED_V6.split()))
_WEB_PORTS = frozenset({80, 443})


def is_forbidden(address: str) -> bool:
    """Is this IP address anything but a public one? What can't be read as an address is forbidden too."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return True
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if isinstance(ip, ipaddress.IPv4Address):
        return any(ip in network for network in _NETWORKS_V4)
    return ip not in _GIVEN_OUT or any(ip in network for network in _NETWORKS_V6)


@dataclass(frozen=True, kw_only=True)
class Target:
    """A real URL taken apart: what one request needs to know. `userinfo` is as in the URL, still quoted."""

    url: str
    scheme: str
    host: str
    port: int
    userinfo: str = ""

    @property
    def with_userinfo(self) -> str:
        """The URL as it can be stored and asked again."""
        scheme, rest = self.url.split("//", 1)
        return f"{scheme}//{self.userinfo}@{rest}" if self.userinfo else self.url


def target(url: str, safe: str, allow: Collection[str] = ()) -> Target:
    """Take a URL apart; raises Refused (naming only `safe`) if its scheme, host or port isn't allowed."""
    parts = split(url, safe)
    host, port = (parts.hostname or "").rstrip("."), parts.port
    if parts.scheme not in {"http", "https"}:
        raise Refused(f"{safe} is not fetched: only http and https addresses are.")
    if not host or re.search(r"[\s\\]", parts.netloc):
        raise Refused(f"{safe} isn't a valid address: it names no host.")
    port = port or (443 if parts.scheme == "https" else 80)
    if port not in _WEB_PORTS and not is_allowed(host, port, allow):
        allowed = f"EARMARK_ALLOW={host}:{port}"
        raise Refused(f"{safe} is not fetched: port {port} isn't a web port. {allowed} would allow it.")
    userinfo, _, netloc = parts.netloc.rpartition("@")
    bare = parts._replace(netloc=netloc, fragment="").geturl()
    return Target(url=bare, scheme=parts.scheme, host=host, port=port, userinfo=userinfo)


def split(url: str, safe: str) -> SplitResult:
    """The parts of a URL; raises Refused (naming only `safe`) if it is malformed."""
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:  # its text may hold the secret
        raise Refused(f"{safe} isn't a valid address. Check it for typos.") from None
    return parts


def is_allowed(host: str, port: int, allow: Collection[str]) -> bool:
    """Is this host on the allow-list of "host:port" entries (port "*": any)?"""
    return f"{host}:{port}" in allow or f"{host}:*" in allow


def joined(base: str, reference: str) -> str:
    """Resolve a reference; the base's user and password go along only to the same host, scheme and port.

    (From http to https, on the usual ports, counts as the same.) Raises ValueError on a malformed one.
    """
    url = urljoin(base, reference.strip())
    here, there = urlsplit(base), urlsplit(url)
    userinfo = here.netloc.rpartition("@")[0]
    if not userinfo or "@" in there.netloc or here.hostname != there.hostname:
        return url
    upgraded = (here.scheme, there.scheme, here.port, there.port) == ("http", "https", None, None)
    if upgraded or (here.scheme, here.port) == (there.scheme, there.port):
        return there._replace(netloc=f"{userinfo}@{there.netloc}").geturl()
    return url
