"""A headline from what was said: the clause of the evidence that makes the claim, in at most twelve words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.write.clauses import TAKES_BACK, borders, stands_alone
from bot.write.clean import clean
from bot.write.lexicon import FIRST, PRONOUNS, SECOND, SUBORDINATE, bare, content, is_finite, listed

MOST, LEAST = 12, 4
# What it costs a clause not to be a claim.
FRAGMENT, LAST_RESORT = 0.8, 0.01
_VAGUE = listed(
    "thing things stuff something anything everything someone somehow kind sort lot lots guy guys"
    " whatever bit here there way ways one ones maybe probably like just really whole gonna"
)
_STRONG = listed(
    "more less better worse faster slower than never always most best worst instead not cannot"
    " can't don't doesn't won't isn't aren't only without because even still no every must should"
    " makes means needs only twice half biggest largest hardest easier harder cheaper wrong"
)
_DANGLING_START = PRONOUNS | {
    "it's",
    "that's",
    "they're",
    "he's",
    "she's",
    "here's",
    "now",
    "then",
    "also",
    "such",
    "another",
    "what's",
    "those",
    "one",
}


@dataclass(frozen=True, kw_only=True)
class Headline:
    """`score` above 0 is fit to print; `at` is the sentence it was cut from."""

    text: str
    score: float
    at: int


def headline(at: int, sentence: str, weight: float, topic: set[str], speaker: str) -> Headline | None:
    """The best headline from a cleaned sentence; `weight` says how well it carries the claim.

    `topic` are the passage's content words that recur. A first-person clause is printed with its speaker's
    name, or not at all where nobody is named.
    """
    if sentence.rstrip('"”').endswith("?"):
        return None
    found = (
        Headline(text=text, score=_score(words, whole, topic) + weight, at=at)
        for words, whole in _spans(sentence)
        if (text := _printed(words, speaker))
    )
    best = max(found, key=lambda h: h.score, default=None)
    return best if best and best.score > 0 else None


def _spans(sentence: str) -> Iterator[tuple[list[str], bool]]:
    """Runs of whole clauses of a printable length that stand alone, and whether it is the whole sentence."""
    words = sentence.split()
    told = _told(words)
    cuts = sorted({*borders(words), *told})
    for i, a in enumerate(cuts):
        for b in cuts[i + 1 :]:
            if LEAST <= b - a <= MOST + 3 and (a in told or _cut_well(words, a)) and _may_stop(words, b):
                span = _led(words[a:b])
                if LEAST <= len(span) <= MOST and stands_alone(span):
                    yield span, b - a == len(words)


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
    before = bare(words[a - 1]) if a else ""
    lead = {bare(w) for w in words[max(0, a - 8) : a]}
    if a and words[a - 1].endswith(",") and lead & {"if", "when", "unless", "once", "until", "whenever"}:
        return False
    if a and (
        is_finite(words[a]) or (bare(words[a]) == "the" and bare(words[a + 1]) in {"more", "less", "better"})
    ):
        return False
    if {bare(w) for w in words[max(0, a - 4) : a]} & _SPEAKING:
        return False
    return before not in {"not", "that", "think", "thinks", "believe", "say", "said", "says", "if", "whether"}


def _may_stop(words: Sequence[str], b: int) -> bool:
    """What follows neither narrows what was said nor goes on with a list of names or nouns."""
    if b == len(words):
        return True
    listing = words[b - 1].endswith(",") and not any(is_finite(w) for w in words[b : b + 6])
    return not (listing or bare(words[b]) in _NARROWS | TAKES_BACK or words[b - 1].endswith(":"))


def _led(words: Sequence[str]) -> list[str]:
    """Without fillers, and without the conjunction that joined it to the clause before."""
    span = clean(" ".join(words)).removesuffix(".").split()
    while len(span) > LEAST and bare(span[0]) in {"and", "but", "so", "because", "then", "–", "also", ""}:
        span = span[1:]
    return span


def _printed(words: Sequence[str], speaker: str) -> str:
    """As printed ("" where it can't be): no full stop, a name before what is said in first person."""
    text = " ".join(words).strip(" ,;:.–—-!")
    if not text or _BROKEN.search(text) or _MUSING.search(text) or _MENTION.search(text):
        return ""
    text = text[0].upper() + text[1:]
    if not {bare(w) for w in words} & FIRST:
        return text
    named = f"{speaker}: {text[0].lower() + text[1:] if bare(words[0]) not in _SELF else text}"
    return named if speaker and len(named.split()) <= MOST else ""


_SPEAKING = listed("say said says saying like go goes asked ask thinking wondering imagine")
_FACTIVE = listed(
    "is means mean meant shows show showed shown found find finds realized realize know knew"
    " learned noticed out discovered fact truth reason thing so clear true proves proved"
)
_NEGATIONS = listed("not never no if hope whether without")
_NARROWS = listed("if unless than as until which who that when whose")
_MUSING = re.compile(
    r"\b(?:i don't (?:know|remember|think)|i'm (?:not sure|curious|going|sorry|trying)|i wonder"
    r"|i remember|i used"
    r"|i(?:'d| would) (?:like|love|hope)|i want|i said|i was|i just|let me|let's|we'll (?:talk|see|get)"
    r"|thank you)\b",
    re.I,
)
_BROKEN = re.compile(r"[\"“”?–—]|\.\s|!\s")
_MENTION = re.compile(
    r"^there(?:'s| is| was| are) (?:an? |this |the |some )?(?:\w+ ){0,2}(?:study|survey|article|paper|book"
    r"|video|post|talk|quote|example|story|question|thing|guy|person|company|project)\b",
    re.I,
)
_BE = listed("is are was were means makes takes gives helps isn't doesn't can will")
_UNDONE = listed("out said says think asked told found that's called")
_REPORTING = listed("said says asked told saying scratching")
_SELF = listed("i i'm i've i'd i'll")


def _score(words: Sequence[str], whole: bool, topic: set[str]) -> float:
    """How much of a claim it is by itself."""
    plain = [bare(w) for w in words]
    meaning = content(" ".join(words))
    score = 0.45 * min(len(meaning), 6) - 1.6 + 0.25 * len(meaning & topic)
    score += 0.3 * min(sum(w in _STRONG for w in plain), 2) + 0.3 * whole
    score += 0.3 * any(c.isdigit() for w in words for c in w) + 0.2 * any(w[:1].isupper() for w in words[1:])
    score -= (
        4.0 * (plain[0] in _DANGLING_START) + 1.5 * bool(set(plain) & FIRST) + 0.3 * bool(set(plain) & SECOND)
    )
    score -= 0.35 * sum(w in _VAGUE for w in plain) + 0.4 * sum(w in PRONOUNS for w in plain[1:])
    score -= (
        0.3 * (plain[0] in SUBORDINATE)
        + 0.9 * (len(words) < 6)
        + 0.4 * (plain[0] in {"there", "there's", "some"})
    )
    # A fragment loses to any claim, but a passage with nothing better is still told.
    return max(min(score, LAST_RESORT), score - FRAGMENT) if _is_fragment(plain) else score


def _is_fragment(plain: Sequence[str]) -> bool:
    """Somebody's reported words, what was found out without what, or an act without who does it."""
    bare_act = plain[0].endswith("ing") and not any(w in _BE for w in plain[2:])
    return bare_act or plain[-1] in _UNDONE or bool(set(plain) & _REPORTING)
