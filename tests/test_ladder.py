"""The ladder's cost: what was refused is paid too, money follows prices, the largest rung is compared."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.cli.spent import money, of, told
from bot.domain import Provenance, Spent, Turn
from bot.ladder import TYPICAL, Prices, costs, on_largest
from bot.metrics import exposition
from tests.test_pipeline import World

PRICES = Prices(second=0.001, tokens_in=3, tokens_out=15)
SMALL = Provenance(writer="extractive v1", rung="extractive", seconds=0.2)
LARGE = Provenance(writer="q", rung="endpoint", tokens=1_200, tokens_out=200, seconds=9.0)
REFUSED = Spent(rung="endpoint", tokens=1_800, tokens_out=800, seconds=4.0)
FELL_BACK = Provenance(writer="extractive v1", rung="extractive", seconds=0.4, others=(REFUSED,))


def test_what_the_gate_refused_is_paid_by_the_rung_that_wrote_it() -> None:
    small, large = costs([(SMALL, True), (FELL_BACK, True), (LARGE, True)], PRICES)
    assert (small.rung, small.made, small.tokens) == ("extractive", 2, 0)
    assert small.seconds == pytest.approx(0.6) and small.money == pytest.approx(0.0006)
    assert (large.rung, large.made, large.tokens, large.tokens_out) == ("endpoint", 1, 3_000, 1_000)
    assert large.money == pytest.approx((2_000 * 3 + 1_000 * 15) / 1e6), "its 13 seconds of waiting are free"


def test_an_answer_that_was_not_found_costs_and_counts_for_nothing() -> None:
    (cost,) = costs([(SMALL, True), (SMALL, False)], PRICES)
    assert (cost.made, cost.seconds) == (1, 0.4)
    (vain,) = costs([(LARGE, False)], PRICES)
    assert vain.made == 0 and told(vain)[:3] == ("–", "9.00, for nothing", "1200, for nothing")


def test_writers_of_before_count_by_their_names() -> None:
    old = [Provenance(writer=w, seconds=1.0) for w in ("extractive v1", "search v2", "SmolLM2")]
    assert [(c.rung, c.made) for c in costs([(p, True) for p in old], PRICES)] == [("extractive", 2), ("", 1)]
    assert costs([(Provenance(), False)], PRICES) == [], "an answer of which nothing was kept"


def test_the_same_on_the_largest_rung() -> None:
    by_rung = costs([(SMALL, True)] * 3 + [(LARGE, True), (FELL_BACK, True)], PRICES)
    largest = on_largest("write", by_rung, PRICES)
    assert largest is not None
    # One of the endpoint's was accepted for all of its 3,000 tokens: five would have taken five times that.
    assert (largest.made, largest.tokens, largest.tokens_out) == (5, 15_000, 5_000)
    assert largest.money == pytest.approx(5 * 0.021) and largest.seconds == pytest.approx(65)


@pytest.mark.parametrize("task", ["write", "answer"])
def test_an_endpoint_that_never_made_any_is_reckoned_at_typical_tokens(task: str) -> None:
    read, written = TYPICAL[task]  # type: ignore[index]
    largest = on_largest(task, costs([(SMALL, True), (FELL_BACK, True)], PRICES), PRICES)  # type: ignore[arg-type]
    assert largest is not None and (largest.tokens, largest.tokens_out) == (2 * (read + written), 2 * written)
    assert largest.money == pytest.approx(2 * (read * 3 + written * 15) / 1e6)
    assert on_largest("write", [], PRICES) is None
    assert on_largest("answer", costs([(SMALL, False)], PRICES), PRICES) is None


def test_without_prices_nothing_costs_money_and_lying_usage_is_not_negative() -> None:
    assert all(c.money == 0 for c in costs([(LARGE, True), (SMALL, True)], Prices()))
    assert PRICES.of(Spent(rung="endpoint", tokens=10, tokens_out=50)) == pytest.approx(50 * 15 / 1e6)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0, "–"), (0.0000042, "0.0000042"), (0.021, "0.021"), (0.5, "0.50"), (3.14159, "3.14"), (120, "120.00")],
)
def test_money_keeps_two_digits_that_count(amount: float, shown: str) -> None:
    assert money(amount) == shown


def test_status_and_metrics_tell_the_same_of_a_thread_and_of_what_was_written() -> None:
    world = World()
    world.clock.forward(hours=2)
    world.settle()
    (made,) = world.store.digests(world.channel.id, 1)
    said = {"digest_id": made.id, "position": 0, "user": "U", "question": "Why?", "answer": "So."}
    now = world.clock()
    old = now - timedelta(days=40)
    for at, found, source in (
        (old, True, LARGE),
        (now, True, LARGE),
        (now, False, FELL_BACK),
    ):
        world.store.save_turn(Turn(**said, asked_at=at, found=found, provenance=source))  # type: ignore[arg-type]
    ladders = of(world.store, world.clock(), PRICES)
    small, large = ladders["answer"].by_rung
    assert (small.made, large.made, large.tokens) == (0, 1, 3_000), "what is forty days old is left out"
    assert sum(c.made for c in ladders["write"].by_rung) > 0
    shown = exposition(world.store, world.clock(), PRICES)
    assert 'earmark_rung_last_day{task="answer",rung="endpoint",unit="tokens"} 3000' in shown
    assert f'earmark_rung_last_day{{task="answer",rung="endpoint",unit="money"}} {large.money:.15g}' in shown
    assert 'rung="largest instead",unit="made"} 1\n' in shown
