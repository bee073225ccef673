"""Text as lines of comparable words: stems, what is negated, where clauses end. Purely, and fast."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.write.lexicon import STOPS, bare, listed


def in_order(text: str, by: str | None = None) -> list[str]:
    """The words (or what `by` parts) of a list written as one text, in order."""
    return text.split(by)


# Words that a writer may add to say who speaks; capitalised only where a sentence opens.
ATTRIBUTION = listed(
    "according to says said argues explains adds as puts it tells in the words of a an one"
    " speaker guest host on at view for whose recalls reports from"
)
# Negators that turn what follows in their clause, and words that say "not" by themselves.
NEGATORS = listed(
    "not no never none nobody nothing neither nor without cannot hardly barely rarely seldom nowhere scarcely"
)
DENIALS = listed(
    "instead rather avoid refuse reject deny prevent stop fail lack miss unable impossible unlikely skip quit"
    " lose ban forbid dismiss forget drop remove eliminate free refute resist oppose absent zero wrong false"
    " myth doubt unless except ignore few little"
)
# Words after which a negation no longer holds.
_ENDS = listed(
    "but because so if when while which who that although unless until since and or then than where"
)
REACH = 5
# "I don't think that …" denies what follows.
_RAISING = listed("think believe appear seem say know mean guess suppose feel imagine expect want sure clear")
# Speech without punctuation is cut into lines of this many words.
LONGEST = 40
_SENTENCE = re.compile(r"(?<=[.?!…])[\"”’')]*\s+(?=[\"“‘'(]?[\w$£€-])")
_BREAK = re.compile(r"[\s/–—]+|(?<=\w)\.{2,}|…|(?<=\w)-+(?=\w)|-{2,}")
# The forms of irregular words that suffixes don't show.
_IRREGULAR = {
    form: word
    for line in in_order(
        "go went gone,get got gotten,make made,take took taken,come came,see saw seen,"
        "know knew known,think thought,say said,find found,give gave given,tell told,feel felt,"
        "become became,leave left,put,mean meant,keep kept,begin began begun,show shown,run ran,"
        "bring brought,write wrote written,sit sat,stand stood,lose lost,pay paid,meet met,set,"
        "learn learnt,lead led,understand understood,speak spoke spoken,read,spend spent,"
        "grow grew grown,win won,buy bought,send sent,build built,fall fell fallen,cut,"
        "sell sold,break broke broken,choose chose chosen,teach taught,deal dealt,"
        "drive drove driven,eat ate eaten,hold held,catch caught,fight fought,"
        "throw threw thrown,draw drew drawn,fly flew flown,forget forgot forgotten,"
        "rise rose risen,wear wore worn,do did done does,be is are was were been being am,"
        "have has had,child children,man men,woman women,person people,life lives,"
        "better good best well,bad worse worst,more most much many,less least,"
        "far further farther,shrink shrank shrunk,hear heard,steal stole stolen,sleep slept,"
        "criterion criteria,datum data,analysis analyses,seek sought,shoot shot,hide hid hidden,"
        "sing sang sung,swim swam,wake woke,bite bit bitten,freeze froze frozen,"
        "ride rode ridden,use used using user users,cause caused causes causing,"
        "believe belief believed",
        ",",
    )
    for word, *forms in [line.split()]
    for form in (word, *forms)
}
_SUFFIXES = in_order(
    "ization isation ational fulness ousness iveness ations ation ments ment ities ity ness "
    "able ible ances ance ences ence ively ably ally ing edly ers ors ed er or ly ion ions "
    "ies ied ive ize ise al es s e y"
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One sentence: its words as written and bare, their stems, its clause numbers, what is negated."""

    text: str
    speaker: str = ""
    written: tuple[str, ...]
    words: tuple[str, ...]
    stems: tuple[str, ...]
    clauses: tuple[int, ...]
    negated: tuple[bool, ...]

    @property
    def content(self) -> frozenset[str]:
        """Stems of the words that carry meaning."""
        return frozenset(s for s, w in zip(self.stems, self.words, strict=True) if carries(w))


def carries(word: str) -> bool:
    """Whether a bare word carries meaning."""
    return len(word) > 2 and word not in STOPS and not word.endswith("n't")


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """What the forms of a word share: `deployed`, `deploying`, `deployment` → "deploy"."""
    word = word.removesuffix("'s").removesuffix("'")
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for suffix in sorted(_SUFFIXES, key=len, reverse=True):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return _undoubled(word.removesuffix(suffix))
    return word


def _undoubled(word: str) -> str:
    double = len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sl"
    return (word[:-1] if double else word).removesuffix("e").rstrip("iy") or word


def alike(a: str, b: str) -> bool:
    """Whether two stems are forms of one word, as far as their beginnings tell."""
    shorter, longer = sorted((a, b), key=len)
    return (
        a == b or (len(shorter) >= 5 and longer.startswith(shorter)) or (len(shorter) >= 7 and a[:6] == b[:6])
    )


def split(text: str) -> list[str]:
    """Its sentences; runs without punctuation are cut by length."""
    found = []
    for sentence in _SENTENCE.split(html.unescape(text).strip()):
        words = sentence.split()
        size = LONGEST if len(words) > 2 * LONGEST else max(len(words), 1)
        found += [" ".join(words[i : i + size]) for i in range(0, len(words), size)]
    return found


@lru_cache(maxsize=4096)
def line(text: str, speaker: str = "") -> Line:
    """A sentence, analysed."""
    written = tuple(w for w in _BREAK.split(html.unescape(text)) if bare(w) or w == "%")
    words = tuple(bare(w) for w in written)
    clauses = _clauses(written, words)
    return Line(
        text=text,
        speaker=speaker,
        written=written,
        words=words,
        stems=tuple(map(stem, words)),
        clauses=clauses,
        negated=_negated(words, clauses),
    )


def lines(text: str) -> tuple[Line, ...]:
    return tuple(line(s) for s in split(text))


def is_negator(word: str) -> bool:
    return (
        word in NEGATORS
        or word.endswith("n't")
        or word in ("cant", "dont", "doesnt", "didnt", "isnt", "wont")
    )


def denies(checked: Line) -> bool:
    """Whether anything in it says "not", be it by a word such as `avoid`."""
    return any(
        is_negator(w) or w in DENIALS or s in DENIALS
        for w, s in zip(checked.words, checked.stems, strict=True)
    )


def _clauses(written: Sequence[str], words: Sequence[str]) -> tuple[int, ...]:
    """The number of the clause that each word is in: clauses end at punctuation and before conjunctions."""
    numbers, now = [], 0
    for i, word in enumerate(words):
        raised = word == "that" and words[i - 1] in _RAISING
        if i and (written[i - 1][-1:] in ",;:.?!)—" or (word in _ENDS and not raised)):
            now += 1
        numbers.append(now)
    return tuple(numbers)


def _negated(words: Sequence[str], clauses: Sequence[int]) -> tuple[bool, ...]:
    """Words within reach of an odd number of negators before them in their clause."""
    counts = [0] * len(words)
    for i, word in enumerate(words):
        if is_negator(word) and not (word == "not" and words[i + 1 : i + 2] in (("only",), ("just",))):
            left = REACH
            for j in range(i + 1, len(words)):
                if clauses[j] != clauses[i] or not left:
                    break
                counts[j] += 1
                left -= carries(words[j]) or words[j] in ("the", "a")
    return tuple(c % 2 == 1 for c in counts)
