"""Spoken sentences made fit to read: words are left out, never added."""

from __future__ import annotations

import html
import re

# Each is removed (or replaced) in this order; all are about what speech has and writing has not.
_TAGS = re.compile(
    r"\[[^\]]*\]|\((?:laugh\w*|laughs?|chuckl\w*|music|crosstalk|inaudible|unintelligible)[^)]*\)", re.I
)
_CUT_WORD = re.compile(r"\b\w+-(?=[\s,])(?=-?\s)")
_SOUNDS = re.compile(r"(?:(?<=^)|(?<=\s))(?:u[hm]+|whoa|wow|uhm|erm?|hmm+|mm+)\b[,.]?\s*", re.I)
_ASIDES = (
    re.compile(
        r",\s*(?:you know|i mean|i think|i guess|i suppose|i would say|i'd say|right|okay|like|well|sort of"
        r"|kind of|honestly|basically|essentially|obviously|actually|literally|of course|again|i believe"
        r"|let's say|however|in a sense|in a way|if you will|so to speak|as you know|you see|yeah|no|frankly"
        r"|to be honest|quite frankly|clearly|really|man|guys|if you like|as it were|like i said"
        r"|as i said)\s*"
        r"(?=,)",
        re.I,
    ),
    re.compile(
        r"(?<=\w) (?:you know|i mean),?(?= )(?! (?:what|how|that|who|when|where|why|if|about|it|this|the))",
        re.I,
    ),
    re.compile(
        r"\b(?<!a )(?<!the )(?<!that )(?<!this )(?<!some )(?<!any )(?<!what )(?<!same )(?<!one )(?<!every )"
        r"(?<!these )(?<!those )(?<!of )(?<!right )(?<!new )(?<!different )(?<!other )(?<!all )(?<!another )"
        r"(?<!certain )(?<!which )(?<!two )(?<!what's the )(?:kind|sort) of (?:like )?",
        re.I,
    ),
    re.compile(
        r"(?<=\b(?:and|but|for|out|how) )(?:basically|essentially|literally|obviously|honestly) ", re.I
    ),
    re.compile(r"(?<= )(?:basically|essentially|literally|obviously|honestly|actually) ", re.I),
    re.compile(
        r"(?:(?<=\band)|(?<=\bbut)|(?<=\bso)|(?<=\bbecause)|(?<=\bwhich)|(?<=\bwhere)) i (?:think|guess"
        r"|mean|believe)"
        r"(?: that)?,?(?= )",
        re.I,
    ),
)
_QUOTED = re.compile(r",?\s+(?:quote[ -]unquote|in (?:air )?quotes),?(?=[\s.])", re.I)
_PAUSED = re.compile(
    r",\s*(?:you know|i mean|i think(?: that)?|i guess)\s+(?!what\b|how\b|so\b|about\b|of\b|when\b"
    r"|where\b)(?=\w)",
    re.I,
)
_TAILS = re.compile(
    r"(?:(?:,\s*(?:right|okay|yeah|see|correct|so|basically|for sure|obviously|etc|as well as|no|like)"
    r"|,?\s*(?:you know what i mean|you know|isn't it|if that makes sense|does that make sense|or whatever"
    r"|and stuff like that|and things like that|or something like that|and stuff|or something|or anything"
    r"|and so on"
    r"|and so forth|et cetera|and etc|and all that|and whatnot|i think|i guess|stuff like that"
    r"|things like that"
    r"|and all these things|you see|\b(?:and|but|or|so|because|like)))\s*[?.…!,–-]*)+$",
    re.I,
)
_LEAD = re.compile(
    r"^(?:[-–—,;.…\s]+"
    r"|(?:listeners,? )?(?:please )?correct me if i'm wrong,?(?: but)? "
    r"|then (?=(?:you|we|i|they|it|he|she|the|there|a|what|all)\b)|now (?=(?:you|we|i|they|it|the"
    r"|there's?|that)\b)"
    r"|however, |also (?=\w)"
    r"|(?:and|but|or|plus|because|cause|'cause|so|um|uh)\b[,\s]+(?!that\b(?! [a-z]+ly)[^.]{0,2}$)"
    r"|(?:well|now|yeah|yes|no|nope|yep|okay|ok|right|oh|ah|like|also|again|anyway|look|listen|see"
    r"|exactly|absolutely"
    r"|sure|totally|honestly|frankly|actually|basically|essentially|obviously|definitely|of course"
    r"|by the way|then"
    r"|you know|i mean|i think|i guess|as i said|like i said|as you said|in my opinion|in my view|to me"
    r"|for me|to be"
    r" honest|in general|anyways|at the end of the day|at least|hopefully|personally|clearly|really"
    r"|interesting"
    r"|correct|great|cool|alright|all right|hey|man|wow|for example|for instance|you see|still|therefore"
    r"|but then"
    r"|in other words|long story short|i don't know|as you mentioned|as i mentioned|again)\b[,.…;:-]+\s+"
    r"|(?:you know|i mean|i think|i guess|i believe|i would say|i'd say|i feel like|i would argue"
    r"|i'd argue|i do think"
    r"|i really think|i also think|i just think|i still think|i personally think|i suppose|i find"
    r"|we think|i'm sure"
    r"|we believe|we know|i know|i've found|we found|i found|i realized|i noticed|i've noticed"
    r"|i've learned|i learned"
    r"|we've seen|we've found|i would think|i honestly think|i tend to think|i always say|i'd also say|i feel"
    r"|it's just|it's like|it's just like|you realize|you'll find|you'll see|you see|let's say)\s+that\s+"
    r"|(?:you know|i mean|i think|i guess|i believe|i would say|i'd say|i feel like|i would argue"
    r"|i'd argue|i do think"
    r"|i really think|i also think|i just think|i still think|i suppose|we think|i'm sure|we believe"
    r"|i honestly think"
    r"|i tend to think|i always say|i personally think)[,\s]+(?!about\b|of\b|so\b|it through|in\b|like\b"
    r"|back\b|to\b)"
    r"|(?:the (?:thing|point|idea|truth|reality|fact|bottom line|way i (?:see|think about) it|other thing"
    r"|problem)"
    r" is|my (?:point|feeling|view|guess|take) is|what i mean is|what i'm saying is|what that means is"
    r"|it turns out"
    r"|turns out|the fact of the matter is|it's true|one thing i'd say is)(?:,| that)\s+"
    r")", re.I)  # fmt: skip
_REPEATS = re.compile(r"\b((?:[\w’']+ ){0,4}[\w’']+)(?:[,–—-]*\s+|\.{3}\s*|\s+-+\s+)\1\b(?!-)", re.I)
_LEGITIMATE = frozenset(
    {"that", "had", "very", "really", "so", "no", "more", "many", "much", "way", "long", "bye"}
)


def clean(text: str) -> str:
    """One spoken sentence as it would be written; "" when nothing is left. Ends with . ! or ?"""
    out = " ".join(html.unescape(text).split())
    out = _SOUNDS.sub("", _CUT_WORD.sub("", _TAGS.sub("", out)))
    out = _QUOTED.sub("", out)
    out = _restarted(_unrepeated(_opened(out)))
    for pattern in _ASIDES:
        out = pattern.sub(" " if pattern.pattern.startswith("(?:") else "", out)
    out = _unrepeated(_opened(" ".join(_PAUSED.sub(", ", out).split())))
    return _finished(_TAILS.sub("", out))


def _opened(text: str) -> str:
    """Without "And", "Well, I think that" and their like at the start."""
    while True:
        shorter = _LEAD.sub("", text, count=1)
        if shorter == text or len(shorter.split()) < 3:
            return text
        text = shorter


def _unrepeated(text: str) -> str:
    """Without "the the" and "it was, it was"."""

    def once(match: re.Match[str]) -> str:
        said, after = match.group(1), match.string[match.end() : match.end() + 1]
        emphatic = "," in match.group(0) and " " in said and after in {".", ",", "?", "!", ""}
        return match.group(0) if emphatic or said.lower() in _LEGITIMATE else said

    previous = ""
    while previous != text:
        previous, text = text, _REPEATS.sub(once, text)
    return text


def _restarted(text: str) -> str:
    """Without a false start: "We did have – we had a policy" begins again with its own first word."""
    left, dash, right = re.sub(r"\s(?:--?|–|—)\s", " – ", text, count=1).partition(" – ")
    words, again = left.lower().split(), right.lower().split()
    if dash and 0 < len(words) <= 2 and len(again) > 4:
        return right
    if dash and 0 < len(words) <= 7 and len(again) > 4 and words[0].strip(",") == again[0].strip(","):
        return right
    return text


def _finished(text: str) -> str:
    text = re.sub(r"\s+([,.;:?!])", r"\1", text)
    text = re.sub(r"([,;:])[,;:]+", r"\1", text)
    text = re.sub(r"(?:\.{2,}|…)\s*(?=[A-Z])", ". ", text)
    text = re.sub(r"(?:\.{2,}|…)\s*(?=[a-z])", ", ", text)
    text = re.sub(
        r"\b(the|an?|your|our|my|can|could|will|would|should|must|might),\s+(?=\w)", r"\1 ", text, flags=re.I
    )
    text = re.sub(r"\s+(?:--?|–|—)\s+", " – ", text)
    text = text.strip(" ,;:-–—…")
    text = re.sub(r"\.{2,}$", "", text)
    if text.count('"') % 2:
        text = text.replace('"', "")
    if not text:
        return ""
    text = re.sub(r"\bi(?='|\b)(?!\.)", "I", text)
    text = text[0].upper() + text[1:]
    return text if re.search(r"[.?!][\"”’)]*$", text) else text + "."
