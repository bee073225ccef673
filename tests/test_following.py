"""Following a whole list at once."""

from __future__ import annotations

from bot.domain import Channel, Feed, Subscription
from bot.following import follow
from bot.store.memory import MemoryStore
from tests.fakes import START, FakeFeeds

URLS = [f"https://a.example/{n}" for n in range(50)]


class CountingStore(MemoryStore):
    read = 0  # how often all subscriptions were

    def subscriptions(self, channel_id: int | None = None) -> list[Subscription]:
        self.read += channel_id is None
        return super().subscriptions(channel_id)


class OneList(FakeFeeds):
    """An OPML list, the last of whose feeds stands on it twice."""

    def find(self, source: str, *, private: bool = False, files: bool = True) -> list[Feed]:
        return [Feed(url=url) for url in [*URLS, URLS[-1]]]


def test_a_long_list_reads_who_follows_what_once() -> None:
    store = CountingStore()
    first, second = (store.save_channel(Channel(name=name)) for name in ("first", "second"))
    follow(store, FakeFeeds(), second, URLS[0], now=START)
    store.read = 0
    made = follow(store, OneList(), first, "https://a.example/list.opml", now=START)
    assert store.read == 1
    assert [one.is_new for one in made] == [True] * len(URLS) + [False]
    assert [one.feed.url for one in made] == [*URLS, URLS[-1]]
    assert len(store.subscriptions(first.id)) == len(URLS) and len(store.subscriptions(second.id)) == 1
