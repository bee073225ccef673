"""Which stretch around a quote is sent, purely: whole sentences, 20 to 60 seconds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from bot.domain import Word

SHORTEST_S, LONGEST_S = 20.0, 60.0
PAD_S = 0.3  # of silence that is kept at either end, where there is some
TARGET_S = 32.0  # long enough to understand, short enough to be listened to

Gaps = tuple[int, int]


def choose(words: Sequence[Word], first: int, last: int, borders: Collection[int]) -> Gaps:
    """Of the heard words the range (from, up to) around the quote's, which are `first` to `last`.

    From border to border if 20 to 60 seconds can be had that way. A sentence that is too long is cut in a
    pause; a quote of more than 60 seconds begins the clip, which ends at a border or a pause.
    """

    def seconds(begin: int, end: int) -> float:
        return words[end - 1].end - words[begin].start + 2 * PAD_S

    begins = sorted((b for b in borders if b <= first), reverse=True)
    ends = sorted(b for b in borders if b > last)
    whole = [
        (_off(seconds(b, e), words[first].start - words[b].start, words[e - 1].end - words[last].end), b, e)
        for b in begins
        for e in ends
        if SHORTEST_S <= seconds(b, e) <= LONGEST_S
    ]
    if whole:
        _, begin, end = min(whole)
        return begin, end
    return _by_words(words, first, last, begins, ends, seconds)


def _off(length: float, before: float, after: float) -> float:
    """How far from the ideal: what comes before is worth as much as what comes after."""
    return abs(length - TARGET_S) + abs(before - after) / 3


def _by_words(
    words: Sequence[Word],
    first: int,
    last: int,
    begins: Sequence[int],
    ends: Sequence[int],
    seconds: Callable[[int, int], float],
) -> Gaps:
    """No run of whole sentences fits: keep the borders that do, and look for pauses instead of the others."""
    begin = next((b for b in begins if seconds(b, last + 1) <= LONGEST_S), first)
    fitting = [e for e in ends if seconds(begin, e) <= LONGEST_S]
    if fitting and seconds(begin, fitting[-1]) >= SHORTEST_S:
        return begin, fitting[-1]
    long_enough = [
        e for e in range(first + 1, len(words) + 1) if SHORTEST_S <= seconds(begin, e) <= LONGEST_S
    ]
    inside = [e for e in long_enough if e > last] or long_enough
    if inside:
        borders = [e for e in inside if e in ends] or inside
        return begin, max(borders, key=lambda e: _pause(words, e))
    end = max([last + 1, *fitting])
    earlier = [b for b in range(begin) if SHORTEST_S <= seconds(b, len(words)) <= LONGEST_S]
    if seconds(begin, len(words)) < SHORTEST_S:  # the end of what there is
        return (max(earlier, key=lambda b: _pause(words, b)) if earlier else 0), len(words)
    return begin, end


def _pause(words: Sequence[Word], at: int) -> float:
    return words[at].start - words[at - 1].end if 0 < at < len(words) else 10.0


def cut_times(words: Sequence[Word], gaps: Gaps, length_s: float) -> tuple[float, float]:
    """Seconds for a range of words: a little silence around, never a piece of the next word."""
    begin, end = gaps
    before = words[begin - 1].end if begin else 0.0
    after = words[end].start if end < len(words) else length_s
    start = max(words[begin].start - PAD_S, min(words[begin].start, (before + words[begin].start) / 2))
    stop = min(words[end - 1].end + PAD_S, max(words[end - 1].end, (words[end - 1].end + after) / 2))
    return max(0.0, start), min(stop, length_s, start + LONGEST_S)
