"""A small tagger by rule: what each word of an English sentence is likely doing in it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from bot.write.verbs import EITHER, kinds, listed

# D determiner, P preposition, S subject pronoun, O object pronoun, X finite auxiliary, M modal, T "to",
# C coordinator, B subordinator, R relative or question word, H "that", A adverb, J adjective, V finite verb,
# I infinitive, G -ing, E participle, N noun, F name, Q number, L filler, Z nothing known.
_CLOSED = {
    "D": "a an the some any every each no most many all both few several another my your our their his"
    " its whose this"
    " these those either neither such enough half",
    "P": "of in on at for with from by about into onto over under between among through without within"
    " than per via"
    " against toward towards during across around upon behind beyond off out up down inside outside"
    " except despite"
    " besides like along above below near versus instead beside",
    "S": "i you we they he she it there everyone everybody nobody somebody someone anyone anybody"
    " something nothing"
    " everything anything y'all one these those",
    "O": "me him them us her mine yours ours theirs hers myself yourself itself themselves ourselves"
    " himself herself"
    " yourselves",
    "X": "is are was were am has have had do does did isn't aren't wasn't weren't hasn't haven't hadn't"
    " don't doesn't"
    " didn't ain't",
    "M": "can could will would shall should may might must can't couldn't won't wouldn't shouldn't"
    " cannot mustn't"
    " gonna needn't",
    "C": "and or but nor yet plus",
    "B": "because if when while although though unless until since as whereas whether once before after"
    " whenever"
    " wherever lest so",
    "R": "which who whom what where how why whatever whoever whichever",
    "A": "not never always often also just still even too very really then now here again already almost ever"
    " sometimes usually maybe perhaps quite rather pretty soon later instead only together away back"
    " twice once"
    " yet ago forever anymore anyway somewhat however therefore otherwise today yesterday tomorrow"
    " tonight well"
    " especially far much more less better worse faster slower further",
    "J": "good bad big small large new old great high low hard easy long short best worst own other same"
    " different"
    " important able possible real whole free open right wrong sure true false full clear simple fast"
    " slow early"
    " late common similar available expensive cheap difficult interesting single certain specific public"
    " private"
    " main key last next first second third final huge tiny strong weak rich poor safe happy sad nice"
    " happy ready"
    " worth likely unlikely hot cold warm dark deep wide close easier harder bigger smaller larger"
    " higher lower"
    " longer shorter cheaper older newer younger stronger weaker safer simpler smarter deeper broader"
    " more most"
    " biggest largest smallest hardest easiest fastest highest lowest latest",
    "L": "um uh yeah okay ok oh hey wow yes hmm",
}
_KNOWN = {word: tag for tag, words in reversed(_CLOSED.items()) for word in words.split()}
_BE = listed("is are was were am be been being isn't aren't wasn't weren't get gets got getting")
_HAVE = listed("has have had hasn't haven't hadn't having")
_DO = listed("do does did don't doesn't didn't let let's help helps")
_TAILS = {"'re": "X", "'ve": "X", "'ll": "M", "'d": "M", "'m": "X"}
_ADJECTIVE = ("ful", "ous", "ive", "able", "ible", "ical", "less", "ish", "ary", "ic", "ial", "ional")
_MODIFIERS = "DJQPE"
Tags = tuple[str, ...]


def tags(plain: Sequence[str], capital: Sequence[bool] = ()) -> Tags:
    """One letter a word (`plain` without punctuation, in lower case); "S" + verb contractions are "SX""
    " or "SM"."""
    return _tags(tuple(plain), tuple(capital))


@lru_cache(maxsize=4096)
def _tags(plain: tuple[str, ...], capital: tuple[bool, ...]) -> Tags:
    out: list[str] = []
    for i, word in enumerate(plain):
        named = bool(i and capital and capital[i] and not word.startswith(("i'", "i")))
        after = plain[i + 1] if i + 1 < len(plain) else ""
        out.append("F" if named and word not in _KNOWN else _tag(word, after, plain, out, i))
    return tuple(out)


def _tag(word: str, after: str, plain: Sequence[str], before: Sequence[str], i: int) -> str:
    """By the word's own class, then by what stands around it."""
    last = _last(before, "A")
    if word == "that":
        return _that(after, before, plain, i)
    if word == "to":
        return (
            "T" if "base" in kinds(after) or after in {"be", "have", "do", "not", "actually", "just"} else "P"
        )
    if "'" in word and word not in _KNOWN:
        return _contracted(word)
    if word in {
        "so",
        "like",
        "as",
        "once",
        "since",
        "before",
        "after",
        "one",
        "this",
        "these",
        "those",
        "more",
    }:
        return _either(word, after, last)
    if word in _KNOWN:
        return "I" if last in {"T", "M", "SM"} and word in {"have", "do"} else _KNOWN[word]
    if word in {"be", "been", "being"}:
        return {"be": "I", "been": "E", "being": "G"}[word]
    if word[:1].isdigit() or word[:1] == "$":
        return "Q"
    forms = kinds(word)
    if not forms:
        return _open(word)
    return _verb(word, forms, after, plain, last, i)


def _open(word: str) -> str:
    if word.endswith("ly") and len(word) > 4:
        return "A"
    return "J" if word.endswith(_ADJECTIVE) and len(word) > 5 else "N"


def _contracted(word: str) -> str:
    head, _, tail = word.rpartition("'")
    mark = "'" + tail
    if mark in _TAILS:
        return ("S" if head != "who" else "R") + _TAILS[mark]
    if tail == "s" and (head in _KNOWN or head == "that") and _KNOWN.get(head, "S") in "SRDBA":
        return ("R" if _KNOWN.get(head) == "R" else "S") + "X"
    return "N" if tail == "s" else "X"


def _either(word: str, after: str, last: str) -> str:
    """Words of several classes, told apart by what follows."""
    subject = _KNOWN.get(after) in {"S", "D"} or "'" in after
    if word == "like":
        return "V" if last in {"S", "SM"} else "I" if last in {"T", "M"} else "P"
    if word in {"as", "once", "since", "before", "after"}:
        return "B" if _KNOWN.get(after) == "S" or "'" in after else "P" if word != "once" else "A"
    if word == "so":
        return "B" if subject else "A"
    if word == "one":
        return "S" if _KNOWN.get(after) in {"X", "M"} else "Q"
    if word == "more":
        return "A"
    return (
        "S"
        if _KNOWN.get(after) in {"X", "M", "A"} or (kinds(after) & {"s", "past"} and after not in EITHER)
        else "D"
    )


def _that(after: str, before: Sequence[str], plain: Sequence[str], i: int) -> str:
    """ "That": H joins a clause, S stands for something, D points at a noun."""
    if before and plain[i - 1] == "out":
        return "H"
    verb = _KNOWN.get(after) in {"X", "M"} or bool(kinds(after) & {"s", "past"})
    opens = not before or before[-1] in {"C", "B", "L"}
    if verb:
        return "S" if opens or before[-1] in {"P", "H"} or (before[-1] == "V" and i > 0) else "H"
    if not after or (before and before[-1] == "P"):
        return "S" if not after else "D"
    return "D" if opens and _KNOWN.get(after, "N") in "NJ" else "H"


def _verb(word: str, forms: frozenset[str], after: str, plain: Sequence[str], last: str, i: int) -> str:
    """A form of a known verb: finite, infinitive, participle, or a noun after all."""
    before = plain[i - 1] if i else ""
    if last in {"T", "M", "SM"} or before in _DO:
        return "I" if "base" in forms else "N"
    helped = _helper(plain, i)
    if "ing" in forms and not forms & {"base", "past"}:
        return "G"
    if helped in _BE | _HAVE and "pp" in forms and not (helped in _BE and "base" in forms and last == "D"):
        return "E"
    if last in {"SX"} and "pp" in forms:
        return "E"
    if (last and last in "DJQ") or (last == "P" and forms & {"base", "s"}):
        return "N" if forms & {"base", "s"} else "E"
    if last == "P":
        return "E"
    return _finite(word, forms, after, last, i)


def _finite(word: str, forms: frozenset[str], after: str, last: str, i: int) -> str:
    subject = last in {"S", "R", "H", "F", "O"} or (last == "N")
    if forms & {"past"} and not forms & {"base"}:
        reduced = "pp" in forms and last == "N" and after in {"by", "from", "using", "through", "as"}
        return "E" if reduced or (not subject and i) else "V"
    if i == 0 or last in {"C", "L", "B"}:
        return "V" if word not in EITHER or _KNOWN.get(after) in {"D", "O", "P"} else "N"
    if word not in EITHER:
        return "V" if subject or last in {"V", "I", "A"} else "N"
    if last in {"S", "R", "H"}:
        return "V"
    follows = _KNOWN.get(after, "")
    return (
        "V" if last == "F" or (last == "N" and "s" in forms and follows in {"D", "O", "S", "A", "T"}) else "N"
    )


def _helper(plain: Sequence[str], i: int) -> str:
    """The auxiliary before the word, over "not" and adverbs."""
    at = i - 1
    while at >= 0 and (_KNOWN.get(plain[at]) == "A" or plain[at].endswith("ly")):
        at -= 1
    return plain[at] if at >= 0 else ""


def _last(before: Sequence[str], over: str) -> str:
    """The nearest tag that is not one of `over`."""
    return next((t for t in reversed(before) if t not in over), "")
