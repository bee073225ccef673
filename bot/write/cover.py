"""How far the words of a text are those of its evidence."""

from __future__ import annotations

from collections.abc import Sequence

from bot.write.agree import Doubt
from bot.write.nearness import Evidence
from bot.write.words import ATTRIBUTION, Line, alike, stem


def cover_doubt(text: Sequence[Line], evidence: Evidence) -> Doubt:
    """The doubt about a text's least covered line and about all of it."""
    shares = [_share(_own(one, evidence), evidence) for one in text]
    whole = _share(frozenset(s for one in text for s in _own(one, evidence)), evidence)
    weakest = min(range(len(text)), key=shares.__getitem__)
    why = f"the passage hardly has the words of “{text[weakest].text[:60]}”"
    return Doubt(family="cover", measures=(whole, shares[weakest], _rare(text, evidence)), why=why)


def _own(one: Line, evidence: Evidence) -> frozenset[str]:
    """Meaningful stems but those that say who speaks, or that the metadata gives."""
    return one.content - evidence.about - _TELLING


def _share(content: frozenset[str], evidence: Evidence) -> float:
    if not content:
        return 1.0
    return sum(s in evidence.counts or _nearly(s, evidence) for s in content) / len(content)


def _nearly(stem: str, evidence: Evidence) -> bool:
    return len(stem) >= 5 and any(alike(stem, s) for s in evidence.counts)


def _rare(text: Sequence[Line], evidence: Evidence) -> float:
    """How much of the evidence's rarest words in its best line the text's lines share, on average."""
    best = [
        max(
            (sum(1 / evidence.counts[s] for s in one.content & t.content) for one in evidence.lines),
            default=0.0,
        )
        for t in text
    ]
    return min(sum(best) / len(best), 4.0)


_TELLING = frozenset(map(stem, ATTRIBUTION))
