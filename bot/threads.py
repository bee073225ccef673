"""Threads under a digest: which messages ask something of Earmark, about which insight, and the answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import claims, digest
from bot.domain import Answer, Channel, Digest, ThreadAnswers, Turn
from bot.errors import EarmarkError
from bot.following import followed
from bot.handlers.ask import answered
from bot.request import Core
from bot.views import Part, Text, View

REMEMBERED = 6  # turns
# After this long without a word from Earmark a bare "and why?" is more likely meant for a person.
STILL_TALKING = timedelta(minutes=10)

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_NUMBER = re.compile(
    r"(?:#|\b(?:number|no\.?|insight|item|point)\s*#?)(\d{1,2})\b|^(\d{1,2})[.:)]?\s", re.IGNORECASE
)
_BARE = re.compile(
    r"\b(?:about|dig|why|on|in|explain|expand)\s+(\d{1,2})\b(?!\s*(?:%|percent|years|people))", re.IGNORECASE
)
_ORDINAL = re.compile(
    rf"\b(?:the\s+)?({'|'.join(_ORDINALS)}|last)\s+(?:one|insight|item|point)\b", re.IGNORECASE
)
_ONLY_NUMBER = re.compile(
    r"""(?:and\s+|so\s+)?
        (?:why|explain|(?:what|tell\ me(?:\ more)?)\ about|expand(?:\ on)?|dig(?:\ into)?|number|no\.?|\#)
        \s*\#?\d{1,2}\s*[?.!]*""",
    re.IGNORECASE | re.VERBOSE,
)
_ASKS = re.compile(
    r"""^(?:and|but|so|ok|okay|well|hm+|also)?[\s,]*(?:
        who|whom|whose|what|when|where|why|how|which|is|are|was|were|does|do|did|has|have|had|
        explain|tell|expand|elaborate|summari[sz]e|source|quote|
        (?:can|could|would)\ you\ (?:please\ )?
        (?:explain|tell|say|show|expand|elaborate|give|summari[sz]e|quote)
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
# "did anyone listen?", "should we try it?", "what do you all think?": a person asks persons.
_AMONG_PEOPLE = re.compile(
    r"""\b(?:anyone|anybody|somebody|someone|everyone|folks|guys|team|you\ all|y'all|we|us|our|let'?s|lunch|
        meeting)\b |
        \b(?:do|did|are|were|will|have|what'?s)\ you(?:r)?\b |
        \byou\ (?:think|guys|agree|want|heard?|listen(?:ed)?)\b""",
    re.IGNORECASE | re.VERBOSE,
)
# Words that stand for something said before: without the earlier turn the question can't be looked up.
_POINTS_BACK = re.compile(
    r"\b(?:it|its|that|this|those|these|they|them|their|he|him|his|she|her|there|then|so|else|more)\b",
    re.IGNORECASE,
)
_FILLING = frozenset(
    re.findall(r"\w+", "who whom whose what when where why how which does did say said mean about")
)


@dataclass(frozen=True, kw_only=True)
class Said:
    """A message in the thread of a digest: `mentioned` calls Earmark by name or replies to it, `to_others`
    calls or replies to another person."""

    user: str
    text: str
    said_at: datetime
    mentioned: bool = False
    to_others: bool = False


def heard(core: Core, channel: Channel, digest_id: int, said: Said) -> View | None:
    """The answer to a message, kept as a turn of the thread; None: it isn't meant for
    Earmark, or its author has just been told to wait."""
    made = core.store.digest(digest_id)
    turns = core.store.turns(digest_id, REMEMBERED)
    text = " ".join(said.text.split())
    if made.channel_id != channel.id or not is_for_us(channel.thread_answers, said, turns):
        return None
    refused = core.limits.take(channel.platform, channel.workspace, said.user)
    if refused:  # told once: a line under each further message would be what the limit is against
        parts = (Text(text=refused.text),)
        return View(parts=parts, private=False, digest_id=digest_id) if refused.is_first else None
    try:
        position = meant(made, text, turns)
        answer = _answer(core, channel, made, text, position, turns)
    except EarmarkError as error:
        return View(parts=(Text(text=str(error)),), private=False, digest_id=digest_id)
    turn = Turn(
        digest_id=digest_id,
        position=position,
        user=said.user,
        question=text[:1000],
        answer=answer.text,
        asked_at=said.said_at,
        found=answer.found,
        provenance=answer.provenance,
    )
    core.store.save_turn(turn)
    return View(parts=(*_about(made, position), *answered(core, answer)), private=False, digest_id=digest_id)


def is_for_us(setting: ThreadAnswers, said: Said, turns: Sequence[Turn]) -> bool:
    """Whether a message asks something of Earmark; "auto" leaves people who talk to one another alone."""
    text = " ".join(said.text.split())
    if not re.search(r"\w", text):
        return False
    if said.mentioned or setting == "all":
        return said.mentioned or not said.to_others
    if setting == "mentions" or said.to_others or _AMONG_PEOPLE.search(text):
        return False
    talking = bool(turns) and said.said_at - turns[-1].asked_at <= STILL_TALKING
    asks = text.endswith("?") or (bool(_ASKS.match(text)) and (talking or _names_one(text)))
    return asks and (talking or len(text.split()) >= 2 or _names_one(text))


def is_about_one(text: str) -> bool:
    """Whether it is of an insight by its number and says nothing else: “why 3?”."""
    return bool(_ONLY_NUMBER.fullmatch(text.strip()))


def _names_one(text: str) -> bool:
    return bool(_NUMBER.search(text) or _BARE.search(text) or _ORDINAL.search(text))


def meant(made: Digest, text: str, turns: Sequence[Turn]) -> int:
    """The number of the insight that a message means: by number, by words, else the one talked of last;
    0 where it may be any. EarmarkError: it names one that isn't there."""
    count = len(made.picks)
    number = _numbered(text, count)
    if number:
        return number
    if is_about_one(text) and count:
        raise EarmarkError(f"This post has no such insight; it has 1 to {count}.")
    asked = _content(_unnumbered(text))
    shared = [len(asked & _of_pick(made, n)) for n in range(1, count + 1)]
    best = max(shared, default=0)
    if best and shared.count(best) == 1 and (best >= 2 or not turns):
        return shared.index(best) + 1
    return turns[-1].position if turns else (1 if count == 1 else 0)


def _numbered(text: str, count: int) -> int:
    match = _NUMBER.search(text) or _BARE.search(text)
    number = int(next(filter(None, match.groups()))) if match else 0
    if not number and (match := _ORDINAL.search(text)):
        word = match[1].lower()
        number = count if word == "last" else _ORDINALS.index(word) + 1
    return number if 1 <= number <= count else 0


def _unnumbered(text: str) -> str:
    """Without the words that name an insight by its number."""
    return _NUMBER.sub(" ", _BARE.sub(lambda match: match[0].split()[0], _ORDINAL.sub(" ", text)))


def _content(text: str) -> frozenset[str]:
    return claims.stems(text) - {word[:6] for word in _FILLING}


def _of_pick(made: Digest, number: int) -> frozenset[str]:
    pick = made.picks[number - 1]
    return claims.stems(
        f"{pick.insight.headline} {pick.insight.text} {pick.insight.quote} {pick.insight.speaker}"
    )


def _answer(
    core: Core, channel: Channel, made: Digest, text: str, position: int, turns: Sequence[Turn]
) -> Answer:
    """From the insight's episode, or those of the post; else from all that the channel follows."""
    question = in_context(made, text, position, turns)
    heard = core.store.heard([feed.id for feed in followed(core.store, channel)])
    near = {pick.episode.id for n, pick in enumerate(made.picks, 1) if position in (0, n)}
    first = _asked(core, question, [episode for episode in heard if episode in near])
    if first and first.found:
        return first
    others = [episode for episode in heard if episode not in near]
    # "Why is that?" points at what was said here: elsewhere it would find anything.
    wider = None if _POINTS_BACK.search(text) else _asked(core, question, others)
    if wider and wider.found:
        return wider
    if first is None:
        raise EarmarkError("No transcript of these episodes is here, so there is nothing to answer from.")
    return first


def _asked(core: Core, question: str, episode_ids: Sequence[int]) -> Answer | None:
    likely = core.answerer.likely(question, episode_ids)
    return core.answerer.answer(question, [core.store.source(id) for id in likely]) if likely else None


def in_context(made: Digest, text: str, position: int, turns: Sequence[Turn]) -> str:
    """The question so that it can be looked up by itself: "why?" and "what did she mean by that?" get the
    words of the insight, and of the turn before where that was about the same."""
    bare = _unnumbered(text)
    if len(_content(bare)) >= 3 and not _POINTS_BACK.search(bare):
        return bare.strip() or text
    before = turns[-1].question if turns and turns[-1].position == position else ""
    about = made.picks[position - 1].insight.headline if position else ""
    return " ".join(" ".join(filter(None, (about, before, bare))).split())


def _about(made: Digest, position: int) -> tuple[Part, ...]:
    if not position:
        return ()
    pick = made.picks[position - 1]
    about = Text(text=f"On {position}: {digest.amended(pick).headline}", quiet=True)
    return (about, Text(text=digest.note(pick.erratum))) if pick.erratum else (about,)
