"""A change of keys: all opens with the new one alone, links and fingerprints stay, a kill costs nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.fernet import Fernet

from bot.domain import Enclosure, Episode, Feed, TranscriptLink
from bot.errors import ConfigError
from bot.ports import Store
from bot.rekey import old, rekey
from bot.vault import Vault
from tests import store_kit

opener, store = store_kit.opener, store_kit.store

ROOT = "vault:root"
OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))
URL = "https://ann:hunter22@a.example/feed"


def vault(store: Store, keys: str) -> Vault:
    return Vault(keys, sealed_root=lambda: store.secret(ROOT))


def filled(store: Store, episodes: int = 5) -> None:
    sealer = vault(store, OLD)
    url, sealed = sealer.seal(URL)
    feed = store.add_feed(Feed(url=url, sealed=sealed))
    store.add_feed(Feed(url="https://b.example/open"))
    for n in range(episodes):
        audio, link = (
            sealer.seal(f"https://a.example/{n}.{kind}?token=t0ps3cret{n}") for kind in ("mp3", "vtt")
        )
        store.save_episode(
            Episode(
                feed_id=feed.id,
                guid=str(n),
                enclosure=Enclosure(url=audio[0], sealed=audio[1]),
                transcripts=(
                    TranscriptLink(url=link[0], sealed=link[1]),
                    TranscriptLink(url="https://b.example/t"),
                ),
            )
        )
    store.save_secret("slack:T1", sealer.seal_text("xoxb-1"))


def opened(store: Store, with_: Vault) -> list[str]:
    texts = [with_.open(f.url, f.sealed) for f in store.feeds()]
    for episode in (e for f in store.feeds() for e in store.episodes(f.id)):
        assert episode.enclosure
        texts.append(with_.open(episode.enclosure.url, episode.enclosure.sealed))
        texts += [with_.open(link.url, link.sealed) for link in episode.transcripts]
    return [*texts, with_.open_text("slack:T1", store.secret("slack:T1") or "")]


def test_all_opens_with_the_new_key_alone_and_nothing_else_changes(store: Store) -> None:
    filled(store)
    before, link = opened(store, vault(store, OLD)), vault(store, OLD).subkey("pages")
    mark = vault(store, OLD).seal(URL)[0]
    assert old(store, vault(store, f"{NEW} {OLD}")) == 12
    assert rekey(store, vault(store, f"{NEW} {OLD}"), ROOT, batch=2) == 12
    alone = vault(store, NEW)
    assert old(store, alone) == 0 and opened(store, alone) == before
    assert alone.subkey("pages") == link, "links to pages that were given out still open"
    assert alone.seal(URL)[0] == mark, "the same private feed is known again"
    assert rekey(store, vault(store, f"{OTHER} {NEW}"), ROOT) == 13, "and once more; now with the root"
    assert vault(store, OTHER).subkey("pages") == link and opened(store, vault(store, OTHER)) == before
    with pytest.raises(ConfigError, match="another key"):
        vault(store, NEW).subkey("pages")


@pytest.mark.parametrize("kills", range(0, 13, 3))
def test_killed_anywhere_it_goes_on(store: Store, kills: int) -> None:
    filled(store)
    before = opened(store, vault(store, OLD))
    both = vault(store, f"{NEW} {OLD}")
    both.renewed = _dies_after(kills, both.renewed)  # type: ignore[method-assign]
    if kills < 12:
        with pytest.raises(KeyboardInterrupt):
            rekey(store, both, ROOT, batch=1)
    both = vault(store, f"{NEW} {OLD}")
    assert opened(store, both) == before, "in between, both keys open all"
    rekey(store, both, ROOT, batch=1)
    assert old(store, both) == 0 and opened(store, vault(store, NEW)) == before


def _dies_after(count: int, renewed: Callable[[str], str]) -> Callable[[str], str]:
    left = [count]

    def dying(sealed: str) -> str:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return renewed(sealed)

    return dying


def test_what_no_key_opens_stays_as_it_is_and_is_counted(store: Store) -> None:
    filled(store)
    store.save_secret("slack:T2", Vault(OTHER).seal_text("xoxb-2"))
    assert rekey(store, vault(store, f"{NEW} {OLD}"), ROOT) == 12
    assert old(store, vault(store, NEW)) == 1
    assert Vault(OTHER).open_text("slack:T2", store.secret("slack:T2") or "") == "xoxb-2"
