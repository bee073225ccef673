"""A headline from what was said: the clause of the evidence that makes the claim, in at most twelve words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.write.clauses import TAKES_BACK, borders, spliced, stands_alone, tagged
from bot.write.clean import clean
from bot.write.lexicon import FIRST, PRONOUNS, SECOND, SUBORDINATE, bare, content, is_finite, listed
from bot.write.person import Name, is_singular, told_of
from bot.write.refer import has_pronoun, loose, talk
from bot.write.traits import LISTING, ROUGH, STRONG, VAGUE
from bot.write.units import Said

MOST, LEAST = 12, 4
_DANGLING_START = PRONOUNS | listed(
    "it's that's they're he's she's here's now then also such another what's one"
)
_NARROWS = listed("if unless than as until who that when whose")
_CONDITIONS = listed("if when unless once until whenever")
_SPEAKING = listed("say said says saying like go goes asked ask thinking wondering imagine")
_REPORTING = listed("not that think thinks believe say said says if whether")
_FACTIVE = listed(
    "is means mean meant shows show showed shown found find finds realized realize know knew learned noticed"
    " discovered fact truth reason clear true proves proved"
)
_NEGATIONS = listed("not never no if hope whether without")
_MUSING = re.compile(
    r"\b(?:don't (?:know|remember|think)|not sure|curious|sorry|wonder|remember|used to|let me|let's"
    r"|we'll (?:talk|see"
    r"|get)|thank you|i (?:want|said|was|just|would (?:like|love|hope))|i'd (?:like|love|hope)"
    r"|i'm (?:going|trying)"
    r"|question|interesting|might have seen|check out|checked|you can see|you'll see|we're going to"
    r"|happy|love it|oh|hey|remember|last|yeah|ok|awesome|cool)\b|^(?:never|like"
    r"|back in|step|just"
    r"|things|sometimes|in the end|by |let|say|imagine|think|look|see)\b|\betc\b|\b(?:pretty|really"
    r"|probably) \w+$",
    re.I,
)
_BROKEN = re.compile(r"[\"“”?–—…]|\.\s|!\s|\b\w+-\s")
_MENTION = re.compile(
    r"^there(?:'s| is| was| are) (?:an? |this |the |some )?(?:\w+ ){0,2}(?:study|survey|article|paper|book"
    r"|video|post|talk|quote|example|story|question|thing|guy|person|company|project)\b",
    re.I,
)
_INSERTED = re.compile(r",\s(?:which|who|whose|where)\s[^,]{3,70},\s(?=\w+\s)|\s\([^)]*\)")


@dataclass(frozen=True, kw_only=True)
class Headline:
    """`score` is how much of a claim it is; `at` the sentence it was cut from, `kept` its share of it."""

    text: str
    score: float
    at: int
    weight: float
    kept: float
    told: bool


def headlines(said: Said, topic: frozenset[str], name: Name) -> list[Headline]:
    """The headlines that a cleaned sentence gives, best first; none that points outside itself.

    `topic` are the passage's content words that recur. A first-person clause is told of the speaker, or not
    printed where nobody is named.
    """
    if said.text.rstrip('"”').endswith("?"):
        return []
    found: dict[str, Headline] = {}
    for sentence in {said.text, _INSERTED.sub(" ", said.text)}:
        for words, kept in _spans(sentence):
            text = _printed(words, name)
            if text:
                told = is_singular(words)
                score = _score(text.split(), kept, topic) - 0.6 * told
                made = Headline(text=text, score=score, at=said.at, weight=said.weight, kept=kept, told=told)
                found.setdefault(text, made)
    return sorted(found.values(), key=lambda h: -h.score)


def _spans(sentence: str) -> Iterator[tuple[list[str], float]]:
    """Runs of whole clauses of a printable length that stand alone, and their share of the sentence."""
    words = sentence.split()
    told = _told(words)
    cuts = sorted({*borders(words), *told})
    for i, a in enumerate(cuts):
        for b in cuts[i + 1 :]:
            if LEAST <= b - a <= MOST + 3 and (a in told or _cut_well(words, a)) and _may_stop(words, b):
                span = _led(words[a:b])
                if LEAST <= len(span) <= MOST and stands_alone(span):
                    yield span, (b - a) / len(words)


def _told(words: Sequence[str]) -> set[int]:
    """Where what is asserted begins: after `it turns out that`, `which means that`; not after a negation."""
    return {
        i + 1
        for i in range(1, len(words) - LEAST)
        if bare(words[i]) == "that"
        and bare(words[i - 1]) in _FACTIVE
        and not any(w in _NEGATIONS or w.endswith("n't") for w in map(bare, words[max(0, i - 7) : i]))
    }


def _cut_well(words: Sequence[str], a: int) -> bool:
    """Nothing before the cut is needed: no condition, no speaker of reported words, no subject."""
    if not a:
        return True
    lead = {bare(w) for w in words[max(0, a - 8) : a]}
    comparing = bare(words[a]) == "the" and bare(words[a + 1]) in {"more", "less", "better"}
    if (words[a - 1].endswith(",") and lead & _CONDITIONS) or is_finite(words[a]) or comparing:
        return False
    if {bare(w) for w in words[max(0, a - 4) : a]} & _SPEAKING:
        return False
    return bare(words[a - 1]) not in _REPORTING


def _may_stop(words: Sequence[str], b: int) -> bool:
    """What follows neither narrows what was said nor goes on with a list of names or nouns."""
    if b == len(words):
        return True
    after, comma = bare(words[b]), words[b - 1].endswith(",")
    if after == "which":
        return comma
    listing = comma and not any(is_finite(w) for w in words[b : b + 6])
    return not (listing or after in _NARROWS | TAKES_BACK or words[b - 1].endswith(":"))


def _led(words: Sequence[str]) -> list[str]:
    """Without fillers, and without the conjunction that joined it to the clause before."""
    span = clean(" ".join(words)).removesuffix(".").split()
    while len(span) > LEAST and bare(span[0]) in {"and", "but", "so", "because", "then", "–", "also", ""}:
        span = span[1:]
    return span


def _printed(words: Sequence[str], name: Name) -> str:
    """As printed ("" where it can't be): no full stop, nobody's "I", "we" or "it" left hanging."""
    if is_singular(words):
        told = told_of(words, name, known=False)
        words = told or []
    text = " ".join(words).strip(" ,;:.–—-!")
    text = text[:1].upper() + text[1:]
    words = text.split()
    unfit = _BROKEN.search(text) or _MUSING.search(text) or _MENTION.search(text) or LISTING.search(text)
    if unfit or not LEAST <= len(words) <= MOST or {bare(w) for w in words} & FIRST:
        return ""
    return text if _is_claim(words) else ""


def _is_claim(words: Sequence[str]) -> bool:
    """A whole clause, no command, that points at nothing outside itself."""
    if not stands_alone(words) or has_pronoun(words) or spliced(words) or tagged(words)[0] in {"V", "A"}:
        return False
    return not loose(words, ()) and not talk(" ".join(words)) and bare(words[0]) not in _DANGLING_START


def _score(words: Sequence[str], kept: float, topic: frozenset[str]) -> float:
    """How much of a claim it is by itself."""
    plain = [bare(w) for w in words]
    meaning = content(" ".join(words))
    score = 0.45 * min(len(meaning), 6) - 1.6 + 0.25 * len(meaning & topic) + 0.4 * kept
    score += 0.3 * min(sum(w in STRONG for w in plain), 2) - 0.5 * len(ROUGH.findall(" ".join(words)))
    score += 0.3 * any(c.isdigit() for w in words for c in w) + 0.2 * any(w[:1].isupper() for w in words[1:])
    score -= 0.35 * sum(w in VAGUE for w in plain) + 0.4 * sum(w in PRONOUNS for w in plain[1:])
    score -= 0.3 * bool(set(plain) & SECOND) + 0.3 * (plain[0] in SUBORDINATE) + 0.9 * (len(words) < 6)
    return score - 0.4 * (plain[0] in {"there", "there's", "some"})
