"""Sentences turned round by rule: who does it and who it is done to, the effect and its reason."""

from __future__ import annotations

import random
import re

from bot.training.falsify_words import VERBS
from bot.write.words import in_order

_ARGUMENT = (
    r"(?:(?:the|a|an|its|their|his|her|most|many|some|every|each|one) )?[\w'’.$-]+(?: [\w'’.$-]+){0,2}?"
)
_CLAUSE = re.compile(
    rf"(?P<s>(?:^|(?<=[.,:;] )){_ARGUMENT}) (?P<v>{'|'.join(VERBS)}) (?P<o>{_ARGUMENT})"
    rf"(?=[.,:;]| (?:and|but|when|if|because|so|to|for|by|in|on|at|as|from|than|with|through|into|that|which"
    rf"|while)\b)"
)
_THAN = re.compile(
    rf"(?P<s>(?:^|(?<=[.,:;] )){_ARGUMENT}) "
    rf"(?P<v>(?:is|are|was|were|has|have|can be|costs?|takes?|needs?) "
    rf"(?:[\w-]+ ){{0,4}}?(?:more|less|fewer|[a-z]+er)(?: [\w-]+){{0,4}}? than) (?P<o>{_ARGUMENT})"
    rf"(?=[.,:;]| (?:and|but|when|if|because|so|to|for|by|in|on|at)\b)"
)


def swapped_roles(text: str, rng: random.Random) -> str | None:
    """Who does it and who it is done to, exchanged; or the two sides of a comparison."""
    found = [m for rule in (_CLAUSE, _THAN) for m in rule.finditer(text) if _both_named(m)]
    if not found:
        return None
    m = rng.choice(found)
    subject, thing = m["s"], m["o"]
    opened = m.start() == 0 or text[m.start() - 2] in ".:"
    start = thing[0].upper() + thing[1:] if opened else thing
    keep = subject if re.match(r"[A-Z]\w*[A-Z+#]|[A-Z]\w+ [A-Z]", subject) or not opened else _low(subject)
    return f"{text[: m.start()]}{start} {m['v']} {keep}{text[m.end() :]}"


_NO_ROLE = frozenset(
    in_order(
        "it they he she this that there who which what it's them him her you we i to not be not and or so as"
    )
)


def _both_named(match: re.Match[str]) -> bool:
    return not any({w.lower() for w in match[g].split()} & _NO_ROLE for g in "so")


def _low(words: str) -> str:
    first, _, rest = words.partition(" ")
    return (
        f"{first.lower()} {rest}".strip()
        if first in ("The", "A", "An", "One", "Most", "Many", "Some", "Every", "Its", "Their")
        else words
    )


_BECAUSE = re.compile(
    r"(?P<e>[^.;:]+?),? (?P<c>because|since|as long as|due to|thanks to) (?P<r>[^.;:,]+)(?=[.,;])"
)
_SO = re.compile(r"(?P<r>[^.;:]+?), so (?P<e>[^.;:]+)(?=[.;])")
_LEADS = re.compile(
    r"(?P<r>[^.,;:]+?) (?P<c>leads to|causes|results in|makes for|creates|means) (?P<e>[^.,;:]+)(?=[.,;])"
)


def swapped_cause(text: str, rng: random.Random) -> str | None:
    found = [m for rule in (_BECAUSE, _SO, _LEADS) for m in rule.finditer(text)]
    found = [m for m in found if len(m["e"].split()) >= 3 and len(m["r"].split()) >= 3]
    if not found:
        return None
    m = rng.choice(found)
    effect, reason = m["e"].strip(), m["r"].strip()
    link = {_BECAUSE: " because ", _SO: ", so ", _LEADS: f" {m.groupdict().get('c')} "}[m.re]
    first, second = (reason, effect) if m.re is _BECAUSE else (effect, reason)
    lead = " " if m.start() and m[0].startswith(" ") else ""
    turned = f"{first[0].upper()}{first[1:]}{link}{_low_any(second)}"
    return f"{text[: m.start()]}{lead}{turned}{text[m.end() :]}"


def _low_any(words: str) -> str:
    return words if words.split()[0].isupper() or words[1:2].isupper() else words[0].lower() + words[1:]
