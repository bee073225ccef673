"""What can be told of a draft without understanding it: the numbers by which it is judged."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.write.clauses import spliced, stands_alone
from bot.write.lexicon import FIRST, PRONOUNS, SECOND, STOPS, SUBORDINATE, bare, content, listed
from bot.write.person import is_singular
from bot.write.refer import loose, talk

ROUGH = re.compile(
    r"\blike\b(?! (?:a|an|the|to|that|this|those|these|it|my|your|our)\b)|\bgonna\b|\bwanna\b|\bgotta\b"
    r"| – |\.\.\."
    r"|\b\w+-(?=\s)|, and, |\b(?:to|just|that's|is|are|which|of|it|and|but|with|for|from|a|an|the),\s"
    r"|\byeah\b"
    r"|\bokay\b|\bwell\b,?|\bi mean\b|\byou know\b|\bkind of\b|\bsort of\b|\bcool\b|\bcrazy\b|\bstuff\b"
    r"|\bblah\b",
    re.I,
)
VAGUE = listed(
    "thing things stuff something anything everything someone somehow kind sort lot lots guy guys"
    " whatever bit"
    " ways one ones maybe probably really pretty super actually basically just"
)
STRONG = listed(
    "more less better worse faster slower than never always most best worst instead not cannot can't"
    " don't doesn't"
    " won't isn't aren't only without because even still no every must should makes means needs only"
    " twice half"
    " biggest largest hardest easier harder cheaper wrong"
)
# "Two is …", "the second one": an item without its list.
LISTING = re.compile(
    r"(?:^|[.;] )(?:the |and )?(?:first|second|third|fourth|another|other|next|last|one|two|three|four"
    r"|number \w+)"
    r"(?: \w+){0,3}? (?:is|are|was|were|would be)\b|\b(?:secondly|thirdly|step (?:one|two|three|four))\b"
    r"|\b(?:this|that|here|the (?:other|real|only|last|first|second|third|next|big|good|bad|main"
    r"|notable)(?: \w+)?) one\b",
    re.I,
)
_PLURAL_FIRST = FIRST - listed("i i'm i've i'd i'll me my mine myself")
_NUMBER = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|hundred|thousand|million|billion|percent)\b"
)
_REASON = re.compile(
    r"\b(?:because|so that|which means|therefore|that's why|the reason|since|in order to|if)\b", re.I
)


@dataclass(frozen=True, kw_only=True)
class Drafted:
    """A draft's parts as judging needs them: `top` is the headline, `sentences` the text's in order."""

    top: str
    text: str
    sentences: tuple[str, ...]
    weights: tuple[float, ...]
    kept: tuple[float, ...]
    gaps: tuple[int, ...]
    top_weight: float
    top_kept: float
    top_inside: bool
    topic: frozenset[str]
    named: bool
    top_told: bool
    score: float


def traits(d: Drafted) -> dict[str, float]:
    """Named numbers of about unit size; `bot.write.judge` weighs them."""
    return {**_of_top(d), **_of_text(d), **_of_whole(d)}


def _of_top(d: Drafted) -> dict[str, float]:
    words = d.top.split()
    plain = [bare(w) for w in words]
    meaning = content(d.top)
    return {
        "top_words": len(words) / 10,
        "top_short": float(len(words) < 6),
        "top_content": len(meaning) / 5,
        "top_topic": len(meaning & d.topic) / 3,
        "top_loose": float(loose(words, ())),
        "top_talk": float(talk(d.top)),
        "top_vague": float(sum(w in VAGUE for w in plain)),
        "top_first": float(bool(set(plain) & FIRST)),
        "top_second": float(bool(set(plain) & SECOND)),
        "top_opens": float(plain[0] in PRONOUNS | SUBORDINATE or plain[0].startswith("there")),
        "top_strong": float(min(sum(w in STRONG for w in plain), 2)),
        "top_number": float(bool(_NUMBER.search(d.top))),
        "top_names": float(any(w[:1].isupper() and bare(w) not in STOPS for w in words[1:])),
        "top_whole": d.top_kept,
        "top_weight": d.top_weight,
        "top_inside": float(d.top_inside),
        "top_rough": float(len(ROUGH.findall(d.top))),
    }


def _of_text(d: Drafted) -> dict[str, float]:
    words = d.text.split()
    plain = [bare(w) for w in words]
    lengths = [len(s.split()) for s in d.sentences]
    return {
        "words": abs(len(words) - 48) / 10,
        "sentences": abs(len(d.sentences) - 2.5),
        "longest": max(max(lengths) - 28, 0) / 10,
        "shortest": float(min(lengths) < 6),
        "dense": sum(w not in STOPS for w in plain) / len(words),
        "commas": d.text.count(",") / len(words) * 10,
        "first": sum(w in _PLURAL_FIRST for w in plain) / 2,
        "alone": float(is_singular(words)),
        "second": min(sum(w in SECOND for w in plain), 4) / 2,
        "vague": min(sum(w in VAGUE for w in plain), 6) / 2,
        "rough": min(len(ROUGH.findall(d.text)), 4) / 2,
        "talk": float(talk(d.text)),
        "questions": float(d.text.count("?")),
        "number": float(bool(_NUMBER.search(d.text))),
        "names": min(sum(w[:1].isupper() and bare(w) not in STOPS for w in words), 6) / 3,
        "reason": float(bool(_REASON.search(d.text))),
        "spliced": float(sum(spliced(s.split()) for s in d.sentences)) / 2,
        "fragments": float(sum(not stands_alone(s.split()) for s in d.sentences)),
    }


def _of_whole(d: Drafted) -> dict[str, float]:
    first = d.sentences[0].split()
    rest = [loose(s.split(), " ".join(d.sentences[:i]).split()) for i, s in enumerate(d.sentences) if i]
    start = bare(first[0])
    meaning = content(d.text)
    return {
        "first_loose": min(loose(first, ()), 3) / 1.0,
        "rest_loose": min(sum(rest), 4) / 2,
        "opens_pronoun": float(start.partition("'")[0] in PRONOUNS),
        "opens_weak": float(
            start in {"then", "also", "there", "there's", "here", "but", "so", "and", "now", "one"}
        ),
        "opens_condition": float(start in SUBORDINATE),
        "weight": sum(d.weights) / 2,
        "kept": sum(d.kept) / len(d.kept),
        "gaps": sum(max(g - 1, 0) for g in d.gaps) / 2,
        "topic": len(meaning & d.topic) / 6,
        "agrees": len(content(d.top) & meaning) / max(len(content(d.top)), 1),
        "named": float(d.named),
        "top_told": float(d.top_told),
        "listing": float(bool(LISTING.search(d.text))) + float(bool(LISTING.search(d.top))),
        "score": d.score,
    }
