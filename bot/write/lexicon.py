"""Small word lists that stand in for a tagger: enough to tell a clause from a fragment."""

from __future__ import annotations

from functools import lru_cache

from bot.write.verbs import EITHER as EITHER
from bot.write.verbs import is_tensed
from bot.write.verbs import listed as listed

AUXILIARY = listed(
    "is are was were am be been has have had do does did can could will would shall should may"
    " might must isn't aren't wasn't weren't hasn't haven't hadn't don't doesn't didn't can't"
    " couldn't won't wouldn't shouldn't gonna cannot ain't"
)
PRONOUNS = listed("it this that they he she these those them him her its their his hers theirs")
FIRST = listed("i me my mine myself we us our ours ourselves i'm i've i'd i'll we're we've we'd we'll let's")
SECOND = listed("you your yours yourself you're you've you'd you'll")
SUBJECTS = FIRST | SECOND | PRONOUNS | listed("there there's everyone people nobody somebody")
DETERMINERS = listed("a an the some any every each no most many all both few several")
SUBORDINATE = listed(
    "if when while since once although though unless until before after as whenever because whether"
)
RELATIVE = listed("which who whom whose that where what how why")
CONJUNCTIONS = listed("and but or so nor yet because plus then")
PREPOSITIONS = listed(
    "of in on at to for with from by about into onto over under between among through without"
    " within than like as per via against toward towards during across around upon"
)
STOPS = (
    AUXILIARY
    | PRONOUNS
    | FIRST
    | SECOND
    | DETERMINERS
    | SUBORDINATE
    | RELATIVE
    | CONJUNCTIONS
    | PREPOSITIONS
    | listed(
        "just really very also even too well now here there more much lot lots kind sort thing things"
        " stuff get got going go know think like right yeah okay actually basically one something"
        " anything everything way not want mean say said it's that's there's they're don't people make"
        " made gonna maybe up out down off back because good great still other another same such only"
        " own"
    )
)
# A headline or a sentence never ends on one of these.
DANGLING = (
    PREPOSITIONS
    | DETERMINERS
    | CONJUNCTIONS
    | SUBORDINATE
    | RELATIVE
    | (AUXILIARY - {"can't", "don't", "doesn't", "didn't", "won't", "isn't", "aren't", "do", "does", "did"})
    | listed("very really just my your our their his her its i we they he she more less even also")
)


@lru_cache(maxsize=65536)
def bare(word: str) -> str:
    """A word without its punctuation, in lower case, with a straight apostrophe."""
    return word.lower().replace("’", "'").strip("\"“”‘'()[].,;:!?…–—-*")


def is_finite(word: str) -> bool:
    """Whether the word is (likely) a verb that carries a clause."""
    w = bare(word)
    return w in AUXILIARY or is_tensed(w) or is_contracted(w)


def is_contracted(w: str) -> bool:
    """`it's`, `they're`, `we'll`: a subject with its verb in one word (a noun's 's may be a genitive)."""
    head, mark, tail = w.partition("'")
    return bool(mark) and (
        tail in {"re", "ll", "ve", "d", "m"} or (tail == "s" and head in SUBJECTS | RELATIVE)
    )


def content(text: str) -> set[str]:
    """The words that carry meaning."""
    return {w for w in map(bare, text.split()) if len(w) > 2 and w not in STOPS}
