"""Who says it, who does it to whom, what follows from what: whether a text keeps to its evidence there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.write.agree import Doubt
from bot.write.lexicon import FIRST, bare, listed
from bot.write.nearness import Evidence
from bot.write.words import Line, carries, stem

SAYING = listed(
    "says say said argues argue argued explains explained holds thinks thought believes adds added"
    " warns warned advises recalls recalled suggests claims notes noted calls called points sees"
    " describes finds expects predicts recommends reports estimates wonders doubts puts recounts"
    " admits credits compares likens insists tells told observes reckons fears wants asks concludes"
    " cautions remembers regards considers"
)
# How many words may lie between two that have an order.
REACH = 12
_CAUSE_LAST = listed("because since")
_CAUSE_FIRST = listed("so therefore thus hence")
_LEADING = re.compile(r"\b(?:leads?|led|causes?|caused|results? in|creates?|means?|makes?|lets?)\b", re.I)


def attributions(one: Line) -> Iterator[frozenset[str]]:
    """The names (as stems) that a line says its words are from."""
    for at, word in enumerate(one.words):
        if word in SAYING or (word == "according" and one.words[at + 1 : at + 2] == ("to",)):
            yield from filter(None, (_named(one, at, 1), *([_named(one, at, -1)] if word in SAYING else [])))


def _named(one: Line, at: int, step: int) -> frozenset[str]:
    """The run of capitalised words next to a word of saying, an apposition of a few words aside."""
    found: list[str] = []
    for k in range(1, 7):
        i = at + step * k
        if not 0 <= i < len(one.words):
            break
        if one.written[i].lstrip("“\"'(")[:1].isupper() and carries(one.words[i]):
            found.append(one.stems[i])
        elif found or one.words[i] in SAYING:
            break
    return frozenset(found)


def speaker_doubts(text: Sequence[Line], evidence: Evidence) -> Iterator[Doubt]:
    """Each line that is put into somebody's mouth: did they say what is most like it?"""
    people = {frozenset(stem(bare(w)) for w in one.speaker.split()): one.speaker for one in evidence.lines}
    for n, one in enumerate(text):
        for name in set(attributions(one)):
            known = name & evidence.about
            if known:
                yield _spoken(known, text[max(0, n - 1) : n + 2], evidence, people)


def _spoken(
    name: frozenset[str], lines: Sequence[Line], evidence: Evidence, people: dict[frozenset[str], str]
) -> Doubt:
    content = frozenset(s for one in lines for s in one.content) - name
    shares = {who: 0.0 for who in people.values()}
    for one in evidence.lines:
        shares[one.speaker] += sum(1 / evidence.counts[s] for s in one.content & content)
    total = sum(shares.values()) or 1.0
    mine = sum(v for stems, who in people.items() if stems & name for v in [shares[who]]) / total
    rest = max(
        (v / total for stems, who in people.items() if not stems & name for v in [shares[who]]), default=0.0
    )
    mentioned = any(s in evidence.counts for s in name)
    labelled = any(people.values())
    return Doubt(
        family="speaker",
        measures=(mine, rest, float(mine == 0), float(mentioned), float(labelled), float(len(people))),
        why=f"“{' '.join(sorted(name))}” is not who says it",
    )


def role_doubts(text: Sequence[Line], evidence: Evidence) -> Iterator[Doubt]:
    """Each clause with words of one evidence line: do they stand in the same order about their verb?"""
    for one in text:
        straight = turned = firm = 0.0
        worst = ("", "")
        for a, b in _pairs(one):
            order = _order(one.stems[a], one.stems[b], evidence)
            if order is None:
                continue
            straight, turned = straight + max(order, 0.0), turned + max(-order, 0.0)
            around_verb = order < 0 and _share_a_middle(one, a, b, evidence)
            firm += around_verb
            worst = (one.words[a], one.words[b]) if around_verb or not worst[0] else worst
        if turned:
            share = turned / (turned + straight)
            yield Doubt(
                family="role",
                measures=(
                    straight,
                    turned,
                    share,
                    firm,
                    float("than" in one.words),
                    float("by" in one.words),
                ),
                why=f"“{worst[0]}” and “{worst[1]}” have exchanged their places",
            )


def _pairs(one: Line) -> Iterator[tuple[int, int]]:
    full = [i for i, w in enumerate(one.words) if carries(w)]
    for k, a in enumerate(full):
        for b in full[k + 1 : k + 7]:
            if 1 < b - a <= REACH and one.stems[a] != one.stems[b]:
                yield a, b


def _order(first: str, second: str, evidence: Evidence) -> float | None:
    """1 where the evidence has them in this order, -1 where only in the other, None: not together."""
    found: set[bool] = set()
    for here, _, line in evidence.places.get(first, ()):
        for there, _, theirs in evidence.places.get(second, ()):
            if line == theirs and 0 < abs(there - here) <= REACH + 4:
                found.add(there > here)
    return None if not found else 1.0 if True in found else -1.0


def _share_a_middle(one: Line, a: int, b: int, evidence: Evidence) -> bool:
    """Whether a word between them stands between them in the evidence as well."""
    middles = {one.stems[i] for i in range(a + 1, b) if len(one.words[i]) > 1} - {"the", "and", "a"}
    for here, _, line in evidence.places.get(one.stems[a], ()):
        for there, _, theirs in evidence.places.get(one.stems[b], ()):
            if line == theirs and there < here and middles & set(evidence.stems[there + 1 : here]):
                return True
    return False


def cause_doubts(text: Sequence[Line], evidence: Evidence) -> Iterator[Doubt]:
    """Each line that gives a reason: is it the reason there too?"""
    said = list(_reasons(evidence.lines))
    for one in text:
        for cause, effect, joined in _reasons([one]):
            straight = max((_met(cause, c) + _met(effect, e) for c, e, _ in said), default=0.0)
            crossed = max((_met(cause, e) + _met(effect, c) for c, e, _ in said), default=0.0)
            yield Doubt(
                family="cause",
                measures=(
                    straight,
                    crossed,
                    crossed - straight,
                    float(not said),
                    _mean_place(cause, evidence) - _mean_place(effect, evidence),
                    float(joined in _CAUSE_LAST),
                ),
                why=f"cause and effect about “{joined}” have exchanged their places",
            )


def _reasons(lines: Sequence[Line]) -> Iterator[tuple[frozenset[str], frozenset[str], str]]:
    """Stems of the cause, of the effect, and the word that joins them."""
    for n, one in enumerate(lines):
        before = lines[n - 1] if n else None
        for at, word in enumerate(one.words):
            left, right = _content(one, 0, at), _content(one, at + 1, len(one.words))
            if not left and before is not None:
                left = before.content
            if word in _CAUSE_LAST and at == 0:
                comma = next((i for i, w in enumerate(one.written) if w.endswith(",")), len(one.words))
                yield (
                    _content(one, 1, min(comma + 1, len(one.words))),
                    _content(one, comma + 1, len(one.words)) or left,
                    word,
                )
            elif word in _CAUSE_LAST:
                yield right, left, word
            elif word in _CAUSE_FIRST or _LEADING.fullmatch(word):
                yield left, right, word


def _content(one: Line, first: int, last: int) -> frozenset[str]:
    return frozenset(
        one.stems[i] for i in range(first, last) if carries(one.words[i]) and one.words[i] not in FIRST
    )


def _met(mine: frozenset[str], theirs: frozenset[str]) -> float:
    return len(mine & theirs) / max(min(len(mine), len(theirs)), 1)


def _mean_place(stems: frozenset[str], evidence: Evidence) -> float:
    places = [place for s in stems for place, _, _ in evidence.places.get(s, ())[:3]]
    return sum(places) / len(places) / max(len(evidence.words), 1) if places else 0.5
