"""Which addresses may be fetched, and where a password goes along."""

from __future__ import annotations

import ipaddress

import pytest

from bot.errors import Refused
from bot.feeds.addresses import is_forbidden, joined, target

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
