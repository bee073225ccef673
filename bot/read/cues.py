"""What a sentence shows on its face: numbers, hedges, claim words, who speaks, where it stands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from bot.domain import Sentence

Cues = NDArray[np.float32]


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)


# Counted per sentence; the names are for people, the order is the head's and must not change under it.
PATTERNS: dict[str, re.Pattern[str]] = {
    "digit": re.compile(r"\d"),
    "quantity": _words(
        "percent|hundred|thousand|million|billion|half|twice|double|triple|dozens?|years?|dollars?|times"
    ),
    "question": re.compile(r"\?|^(?:what|how|why|who|when|where|which|do you|did you|are you|is it)\b", re.I),
    "conjunction": re.compile(
        r"^(?:and|but|so|because|or|then|yeah|well|okay|right|no|yes|oh|uh|um)\b", re.I
    ),
    "pronoun_start": re.compile(r"^(?:it|this|that|they|he|she|these|those|which|there)\b", re.I),
    "first_person": _words("i|me|my|mine|we|us|our|i'm|i've|we're|we've"),
    "second_person": _words("you|your|yours|you're|you've"),
    "hedge": _words("kind of|sort of|maybe|i think|i guess|probably|i mean|somewhat|i don't know|not sure"),
    "filler": _words("you know|um|uh|basically|literally|like|stuff|things?|whatever"),
    "reason": _words(
        "because|therefore|reason|means?|so that|due to|leads? to|causes?|that's why|result|effect"
    ),
    "claim": _words(
        "actually|key|important|problem|never|always|must|should|need|most|every|really|biggest|only"
        "|real|hard|wrong"
    ),
    "contrast": _words("instead|rather|however|although|unlike|whereas|than|versus|not|but|even|despite"),
    "evidence": _words(
        "study|studies|research|data|found|show(?:s|ed)|according|paper|evidence|measured|turns out"
        "|example|statistics?"
    ),
    "comparative": _words(
        r"\w{3,}er than|more|less|fewer|better|worse|faster|slower|larger|smaller|best|worst"
    ),
    "name": re.compile(r"(?<=[a-z,] )[A-Z][a-zA-Z]+"),
    "sponsor": _words(
        r"sponsor\w*|brought to you|promo|coupon|free trial|discount|check (?:them|it) out at|sign up|dot com"
        r"|% off|percent off|visit|\w+\.(?:com|io|dev|fm|org|net)|get started|supporting the show"
        r"|our friends|slash"
    ),
    "promo": _words(
        "newsletter|subscrib\\w+|patreon|membership|merch|review|rate|slack|community|youtube channel"
        "|plus plus"
        "|courses?|tickets?|join us|our website|twitter|mastodon|t-shirts?"
    ),
    "frame": _words(
        "welcome|podcast|episode|show|today|host|joined|joining|listening|next (?:week|time)|bye"
        "|thank you|thanks|hello"
        "|listeners?|tuning|interview|guest|recorded|intro|music"
    ),
    "joke": re.compile(r"\[?\b(?:laugh\w*|chuckl\w*|haha|joke|funny|lol|unintelligible|crosstalk)\b", re.I),
    "tag": re.compile(r"\[[^\]]*\]"),
    "exclaimed": re.compile(r"!"),
}
STRUCTURE = ("length", "very_short", "long", "word_length", "cased", "punctuated")
POSITION = ("at", "from_start", "from_end", "near_start", "near_end")
SPEECH = ("named", "turn_starts", "turn_ends", "turn_length", "turn_at", "share", "first_speaker")
KNOWN_LENGTH = 180
NAMES = (*PATTERNS, *STRUCTURE, *POSITION, *SPEECH)


def cues(sentences: Sequence[Sentence]) -> Cues:
    """One row a sentence, one column a name in `NAMES`, all about 0..1."""
    if not sentences:
        return np.zeros((0, len(NAMES)), np.float32)
    blocks: tuple[Callable[[Sequence[Sentence]], Cues], ...] = (_lexical, _structure, _position, _speech)
    return np.concatenate([block(sentences) for block in blocks], axis=1)


def _lexical(sentences: Sequence[Sentence]) -> Cues:
    counts = [[len(p.findall(s.text)) for p in PATTERNS.values()] for s in sentences]
    capped: Cues = (np.minimum(np.array(counts), 3) / 3).astype(np.float32)
    return capped


def _structure(sentences: Sequence[Sentence]) -> Cues:
    rows = []
    for text in (s.text for s in sentences):
        n = len(text.split())
        letters = sum(map(len, text.split())) / max(n, 1)
        cased, punctuated = text != text.lower(), bool(re.search(r"[.?!,;]", text))
        rows.append((np.log1p(n) / 4, n < 5, n > 40, letters / 8, cased, punctuated))
    return np.array(rows, np.float32)


def _position(sentences: Sequence[Sentence]) -> Cues:
    n = len(sentences)
    i = np.arange(n, dtype=np.float32)
    back = n - 1 - i
    # Short episodes are stretched to a length that training knew, else all of them is beginning and end.
    stretch = max(1.0, KNOWN_LENGTH / n)
    start, end = i * stretch, back * stretch
    columns = (i / max(n - 1, 1), start / 1000, end / 1000, np.exp(-start / 12), np.exp(-end / 12))
    return np.stack(columns, axis=1).astype(np.float32)


def _speech(sentences: Sequence[Sentence]) -> Cues:
    """Who speaks; all but `named` are zero where nobody is named."""
    said = Counter(s.speaker for s in sentences)
    if len(said) < 2 and "" in said:
        return np.zeros((len(sentences), len(SPEECH)), np.float32)
    first = sentences[0].speaker
    rows = []
    for start, end in _turns(sentences):
        who = sentences[start].speaker
        for i in range(start, end):
            length, at = np.log1p(end - start) / 4, (i - start) / (end - start)
            share = said[who] / len(sentences)
            rows.append((bool(who), i == start, i == end - 1, length, at, share, who == first))
    return np.array(rows, np.float32)


def _turns(sentences: Sequence[Sentence]) -> list[tuple[int, int]]:
    """Runs of one speaker, as half-open ranges."""
    starts = [0] + [i for i in range(1, len(sentences)) if sentences[i].speaker != sentences[i - 1].speaker]
    return list(zip(starts, [*starts[1:], len(sentences)], strict=True))
