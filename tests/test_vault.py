"""Secrets leave addresses, stay apart, and come back with the right key only."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import ConfigError
from bot.vault import Vault, hides_path, secrets_of

KEY = Fernet.generate_key().decode()
VAULT = Vault(KEY)

PUBLIC = [
    "https://feeds.example.com/show",
    "https://example.com/feed?format=rss&page=2",
    "https://example.com/?p=1234567890123456789012345",
    "https://example.com/search?q=what-is-worth-knowing-about-trees",
    "https://example.com/feed?author=jo&keywords=a,b",
    "https://example.com/play?file=2024-01-02-episode-number-12.mp3",
    "https://example.com/a#chapter-2",
    "https://example.com/play?source=podcast-feed-2026-episode-12",
    "https://example.com/~0123456789/feed",
    "not a url at all",
    "",
]

PRIVATE = [
    ("https://jo:hunter2@example.com/feed", ["//jo", "hunter2"]),
    ("https://s3cretname@example.com/feed", ["s3cretname"]),
    ("https://jo:p%40ss@w@example.com/feed", ["p%40ss", "jo:"]),
    ("https://example.com/rss?auth=abc123&page=2", ["abc123"]),
    ("https://example.com/rss?access_token=abc", ["=abc"]),
    ("https://example.com/rss?X-Amz-Signature=99ff&x=1", ["99ff"]),
    ("https://example.com/rss?apiKey=Zz9;uid=77123", ["Zz9", "77123"]),
    ("https://example.com/rss?PASSWORD=x&private=qwer", ["=x", "qwer"]),
    ("https://example.com/rss?u=Ab3dE5gH7jK9mN1pQ3sT5vW7", ["Ab3dE5gH7jK9mN1pQ3sT5vW7"]),
    ("https://example.com/rss?Ab3dE5gH7jK9mN1pQ3sT5vW7", ["Ab3dE5gH7jK9mN1pQ3sT5vW7"]),
    ("https://example.com/rss?m=1b4e28ba-2fa1-11d2-883f-0016d3cca427", ["1b4e28ba"]),
    ("https://example.com/rss?m=Ab3d-E5gH_jK9mN1-Q3sT5", ["Ab3d"]),
    ("https://example.com/rss#token=abcdef", ["abcdef"]),
]


@pytest.mark.parametrize("url", PUBLIC)
def test_public_addresses_stay_as_they_are(url: str) -> None:
    assert VAULT.seal(url) == (url, "")
    assert VAULT.open(url, "") == url


@pytest.mark.parametrize(("url", "secrets"), PRIVATE)
def test_secrets_leave_the_address_and_come_back(url: str, secrets: list[str]) -> None:
    safe, sealed = VAULT.seal(url)
    assert not [secret for secret in secrets if secret in safe or secret in sealed]
    assert safe.startswith("https://") and "example.com/" in safe
    assert VAULT.open(safe, sealed) == url
    assert VAULT.seal(safe) == (safe, "")


def test_a_private_path_is_hidden_whole() -> None:
    url = "https://feeds.example.com/content/s3cr3t.rss?page=1"
    safe, sealed = VAULT.seal(url, private=True)
    assert safe.startswith("https://feeds.example.com/~") and hides_path(safe)
    assert "s3cr3t" not in safe and "page" not in safe
    assert VAULT.open(safe, sealed) == url
    assert VAULT.seal(safe, private=True) == (safe, "")
    assert not hides_path(VAULT.seal("https://example.com/rss?key=1")[0])


@pytest.mark.parametrize(
    "url",
    [
        "https://api.substack.com/feed/podcast/1/private/0b5ee1f2-7d0b-4c1e.rss",
        "https://acme.supercast.com/feeds/Zk3vTq9",
    ],
)
def test_member_feeds_are_private_without_being_called_so(url: str) -> None:
    safe, sealed = VAULT.seal(url)
    assert url.rpartition("/")[2] not in safe and VAULT.open(safe, sealed) == url
    assert VAULT.seal(safe) == (safe, "")


def test_private_with_user_and_password_hides_both() -> None:
    safe, sealed = VAULT.seal("https://jo:pw@example.com", private=True)
    assert "jo" not in safe and "pw" not in safe
    assert VAULT.open(safe, sealed) == "https://jo:pw@example.com"


def test_whole_query_hides_every_value() -> None:
    safe, _ = VAULT.seal("https://h.example/a.mp3?e=5&f=6", whole_query=True)
    assert safe.startswith("https://h.example/a.mp3?e=~") and "=5" not in safe and "=6" not in safe


def test_two_private_feeds_of_one_address_stay_distinct_and_one_stays_one() -> None:
    one, again, other = (VAULT.seal(f"https://example.com/rss?auth={key}")[0] for key in ("a", "a", "b"))
    assert one == again != other


def test_fingerprints_depend_on_the_key() -> None:
    other = Vault(Fernet.generate_key().decode())
    assert other.seal("https://example.com/?auth=a")[0] != VAULT.seal("https://example.com/?auth=a")[0]


def test_another_key_says_so_without_the_secret() -> None:
    safe, sealed = VAULT.seal("https://jo:hunter2@example.com/feed")
    with pytest.raises(ConfigError, match="sealed with another key") as caught:
        Vault(Fernet.generate_key().decode()).open(safe, sealed)
    assert "hunter2" not in str(caught.value) and "EARMARK_KEY" in str(caught.value)


def test_a_masked_address_without_its_secret_is_not_taken_for_real() -> None:
    safe, _ = VAULT.seal("https://example.com/rss?auth=a&b=1")
    with pytest.raises(ConfigError, match="isn't stored here"):
        VAULT.open(safe, "")


def test_a_wrong_key_string_is_explained() -> None:
    with pytest.raises(ConfigError, match="EARMARK_KEY isn't a key"):
        Vault("hello").seal("https://example.com/?auth=a")


def test_public_addresses_need_no_key() -> None:
    assert Vault().seal("https://example.com/feed")[1] == ""
    with pytest.raises(ConfigError, match="set EARMARK_KEY"):
        Vault().seal("https://example.com/?auth=a")


def test_the_key_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "key"
    vault = Vault(key_file=path)
    assert not path.exists()
    safe, sealed = vault.seal("https://example.com/?auth=a")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Vault(key_file=path).open(safe, sealed) == "https://example.com/?auth=a"
    assert [entry.name for entry in path.parent.iterdir()] == ["key"]


def test_a_broken_key_file_is_explained(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("junk")
    with pytest.raises(ConfigError, match="holds no key"):
        Vault(key_file=tmp_path / "key").seal("https://example.com/?auth=a")


def test_secrets_are_listed_for_scrubbing_texts() -> None:
    assert secrets_of("https://someone:hunter2@example.com/?token=abc%2Fdefg&a=1#x") == (
        "abc%2Fdefg",
        "abc/defg",
        "hunter2",
    )
    assert secrets_of("https://someone@example.com/") == ("someone",)


@settings(deadline=None)
@given(st.text("ab0~=&;?#/@:%.", max_size=30), st.booleans(), st.booleans())
def test_any_address_comes_back_and_masking_is_stable(rest: str, private: bool, whole: bool) -> None:
    url = f"https://example.com/{rest}"
    safe, sealed = VAULT.seal(url, private=private, whole_query=whole)
    assert not sealed or VAULT.open(safe, sealed) == url
    assert VAULT.seal(safe, private=private, whole_query=whole) == (safe, "")


def test_a_new_key_in_front_seals_and_the_old_one_still_opens_and_knows_its_own() -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    url = "https://jo:hunter2hunter2@feeds.example/f"
    safe, sealed = Vault(old).seal(url)
    both = Vault(f"{new} {old}")
    again = both.seal(url)
    assert both.open(safe, sealed) == both.open(*again) == url
    assert again[0] == safe, "the same feed is known again"
    assert both.subkey("pages") == Vault(old).subkey("pages")
    Fernet(new).decrypt(again[1].encode())
    with pytest.raises(ConfigError, match="another key"):
        Vault(old).open(*again)
