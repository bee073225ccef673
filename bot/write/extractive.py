"""A writer that can't lie: it leaves words out, names who said them, and gives up where that won't do."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Sequence
from dataclasses import replace

from bot.domain import Episode, Insight, Passage, Provenance, Reading, Sentence
from bot.write.clauses import borders, stands_alone
from bot.write.clean import clean
from bot.write.ground import QUOTE_WORDS, invented, problems
from bot.write.judge import hand
from bot.write.lexicon import bare, listed
from bot.write.person import named
from bot.write.text import Draft, Voice, drafts, weights_of
from bot.write.units import Said

NAME = "extractive v2"
# Neighbours on either side of the passage that the text may draw on.
MARGIN = 8
_SALES = re.compile(
    r"\b(?:sponsor\w*|brought to you by|promo code|coupon|free trial|use (?:the )?code|dot com slash|patreon"
    r"|newsletter|subscribe|sign up (?:at|today)|thanks for (?:listening|having me|coming|joining)"
    r"|welcome (?:back )?to)\b",
    re.I,
)
_ANONYMOUS = re.compile(r"(?:speaker|unknown|guest|host|voice)?[\s_#]*\d*$", re.I)
_LEADS = listed(
    "and but so well yeah yes no okay ok right oh um uh like because then now i think mean you"
    " know guess that"
)
_PHRASES = ("i think that", "i think", "you know", "i mean", "i guess")


class ExtractiveWriter:
    """Implements Writer by rules; what it returns has passed `bot.write.ground`. Needs no weights."""

    def write(self, passage: Passage, reading: Reading, episode: Episode) -> Insight | None:
        """One insight, or None where the passage makes none that reads well (too short, questions, sales)."""
        begun = time.perf_counter()
        for draft in self.drafts(passage, reading, episode):
            made = _insight(draft, passage, reading, episode)
            if made is not None:
                spent = time.perf_counter() - begun
                by = Provenance(reader=reading.model, writer=NAME, seconds=round(spent, 4))
                return replace(made, provenance=by)
        return None

    def drafts(self, passage: Passage, reading: Reading, episode: Episode) -> list[Draft]:
        """All drafts of a passage, best first, before the gate."""
        said = _said(passage, reading)
        if not said or any(_SALES.search(s.text) for s in said if s.weight):
            return []
        speaker = reading.sentences[passage.quote_at].speaker
        name = named("" if _ANONYMOUS.match(speaker) else speaker)
        style = zlib.crc32(said[0].text.encode())
        who = Voice(name=name, somebody=_somebody(episode, style), style=style)
        found = drafts(said, who, passage.score)
        return sorted(found, key=lambda d: -hand(d.parts))


def _insight(draft: Draft, passage: Passage, reading: Reading, episode: Episode) -> Insight | None:
    """The draft with its quote, if the gate lets it through."""
    # A quote is what the text was made of, so that it bears it out.
    wished = [passage.quote_at, draft.top_at, *passage.evidence]
    order = [*(at for at in wished if at in {draft.top_at, *draft.at}), *draft.at]
    at, quote = _quote(order, reading.sentences)
    around = range(max(0, passage.first - MARGIN), min(len(reading.sentences), passage.last + MARGIN + 1))
    if _problems(draft, quote, [reading.sentences[i] for i in around], reading, episode):
        return None
    start, end = moment(reading.sentences[at], quote)
    return Insight(
        episode_id=episode.id,
        headline=draft.headline,
        text=draft.text,
        quote=quote,
        speaker=reading.sentences[at].speaker,
        start=start,
        end=end,
        score=passage.score,
    )


def moment(sentence: Sentence, quote: str) -> tuple[float | None, float | None]:
    """When the quote was said: its share of the sentence's time by characters."""
    if sentence.start is None or sentence.end is None or not sentence.text:
        return sentence.start, sentence.end
    begin = max(sentence.text.find(quote), 0)
    second = (sentence.end - sentence.start) / len(sentence.text)
    end = min(sentence.start + second * (begin + len(quote)), sentence.end)
    return round(sentence.start + second * begin, 2), round(end, 2)


def verbatim(sentence: str) -> str:
    """The part of a sentence to quote: without the "And I think" before it, 6 to 40 words, or ""."""
    words = sentence.split()
    start = _after_lead(words)
    words = words[start:]
    least, most = QUOTE_WORDS
    if len(words) > most:
        ends = [b for b in borders(words) if least <= b <= most]
        words = words[: ends[-1] if ends else most]
    return " ".join(words).rstrip(",;:–—- ") if len(words) >= least else ""


def _after_lead(words: Sequence[str]) -> int:
    start = 0
    while len(words) - start > QUOTE_WORDS[0]:
        plain = " ".join(bare(w) for w in words[start : start + 3])
        phrase = next((p for p in _PHRASES if f"{plain} ".startswith(f"{p} ")), "")
        single = bare(words[start]) in {"and", "but", "so"} or (
            words[start].endswith((",", "...")) and bare(words[start]) in _LEADS
        )
        if not phrase and not single:
            break
        start += len(phrase.split()) if phrase else 1
    return start if len(words) - start >= QUOTE_WORDS[0] else 0


def _quote(order: Sequence[int], sentences: Sequence[Sentence]) -> tuple[int, str]:
    """Where the quote is, and the quote: the first in the order of preference that is one."""
    for at in order:
        text = sentences[at].text
        quote = verbatim(text)
        if quote and not text.rstrip('"”').endswith("?") and "&#" not in text:
            return at, quote
    return order[0], ""


def _said(passage: Passage, reading: Reading) -> list[Said]:
    """The speaker's cleaned sentences in and around the passage, without what is set aside."""
    aside = {i for s in reading.set_aside for i in range(s.first, s.last + 1)}
    weights = weights_of(passage.evidence, passage.quote_at)
    first, last = max(0, passage.first - MARGIN), min(len(reading.sentences) - 1, passage.last + MARGIN)
    acted = {first + i for i in _in_quotation([s.text for s in reading.sentences[first : last + 1]])}
    kept = []
    for at in range(first, last + 1):
        sentence = reading.sentences[at]
        text = clean(sentence.text)
        mine = sentence.speaker == reading.sentences[passage.quote_at].speaker
        if at not in aside and at not in acted and mine and _says_something(text):
            inside = 0.35 if passage.first <= at <= passage.last else 0.0
            kept.append(Said(at=at, text=text, weight=weights.get(at, inside)))
    return kept


def _in_quotation(texts: Sequence[str]) -> set[int]:
    """Which of the sentences begin, go on with or end somebody else's words in quotation marks."""
    marks = [len(re.findall(r'["“”]', t)) % 2 for t in texts]
    odd = [i for i, m in enumerate(marks) if m]
    inside = set(odd)
    for a, b in zip(odd[::2], odd[1::2], strict=False):
        inside |= set(range(a, b)) if b - a <= 6 else set()
    return inside


def _says_something(text: str) -> bool:
    """Not "That's pretty awesome.", "A larger company." or "I didn't know that."."""
    words = text.split()
    return len(words) >= 3 and not _REACTION.match(text) and (len(words) > 5 or stands_alone(words))


_REACTION = re.compile(
    r"(?:oh |yeah |and )?(?:that(?:'s| was| is)|it(?:'s| was| is)|this is|i'm|which is"
    r"|how) (?:\w+ )?(?:\w+ )?(?:cool|awesome"
    r"|great|nice|crazy|amazing|interesting|funny|good|true|right|fair|exciting|weird|insane|wild"
    r"|beautiful|perfect"
    r"|hilarious|fine|super-cool|fascinating|it|okay|sure|brilliant|fantastic|ridiculous)[.!]*$"
    r"|i (?:didn't|don't) know(?: that)?[.!]*$|i (?:love|like) (?:it|that)[.!]*$|(?:thank you"
    r"|thanks)\b.{0,30}$"
    r"|does that make sense|i (?:totally )?agree.{0,20}$|that makes (?:total |a lot of )?sense[.!]*$",
    re.I,
)


def _somebody(episode: Episode, style: int) -> str:
    return f"{'a' if style % 2 else 'one'} speaker on {episode.show}" if episode.show else "one speaker"


def _problems(
    draft: Draft, quote: str, around: Sequence[Sentence], reading: Reading, episode: Episode
) -> tuple[str, ...]:
    names = {s.speaker for s in reading.sentences}
    passage = " ".join(s.text for s in around)
    metadata = " ".join([episode.title, episode.show, *names])
    found = problems(
        headline=draft.headline,
        text=draft.text,
        quote=quote,
        passage=passage,
        metadata=metadata,
        transcript=" ".join(s.text for s in reading.sentences),
    )
    return found + invented(f"{draft.headline} {draft.text}", f"{passage} {metadata}")
