"""A writer that can't lie: it leaves words out, names who said them, and gives up where that won't do."""

from __future__ import annotations

import re
import time
import zlib
from collections import Counter
from collections.abc import Sequence

from bot.domain import Episode, Insight, Passage, Provenance, Reading, Sentence
from bot.write.clauses import borders, stands_alone
from bot.write.clean import clean
from bot.write.ground import QUOTE_WORDS, invented, problems
from bot.write.headline import Headline, headline
from bot.write.lexicon import bare, content, listed
from bot.write.text import Said, Text, texts_of, weights_of

NAME = "extractive v4"
# Neighbours on either side of the passage that the text may draw on.
MARGIN = 3
# What it costs an insight to lean on what it doesn't tell, as a share of its passage's score.
LEANING, LEANS_MOST = 0.1, 2.0
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
        said = _said(passage, reading)
        if not said or any(_SALES.search(s.text) for s in said if s.weight):
            return None
        speaker = reading.sentences[passage.quote_at].speaker
        named = "" if _ANONYMOUS.match(speaker) else speaker
        texts = texts_of(said, named or _somebody(episode), zlib.crc32(said[0].text.encode()))
        pair = _together(said, texts, named)
        if pair is None:
            return None
        text, top = pair
        at, quote = _quote([passage.quote_at, top.at, *passage.evidence], text.at, reading.sentences)
        if _problems(top.text, text.text, quote, said, reading, episode):
            return None
        start, end = moment(reading.sentences[at], quote)
        spent = round(time.perf_counter() - begun, 4)
        return Insight(
            episode_id=episode.id,
            headline=top.text,
            text=text.text,
            quote=quote,
            speaker=speaker,
            start=start,
            end=end,
            score=passage.score * (1 - LEANING * min(text.leans, LEANS_MOST)),
            provenance=Provenance(reader=reading.model, writer=NAME, rung="extractive", seconds=spent),
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


def _quote(order: Sequence[int], used: Sequence[int], sentences: Sequence[Sentence]) -> tuple[int, str]:
    """Where the quote is, and the quote: from a sentence of the text, in the order of preference."""
    for at in [*(a for a in order if a in used), *used]:
        text = sentences[at].text
        quote = verbatim(text)
        if quote and not text.rstrip('"”').endswith("?") and "&#" not in text:
            return at, quote
    return used[0], ""


def _said(passage: Passage, reading: Reading) -> list[Said]:
    """The speaker's cleaned sentences in and around the passage, without what is set aside."""
    aside = {i for s in reading.set_aside for i in range(s.first, s.last + 1)}
    weights = weights_of(passage.evidence, passage.quote_at)
    first, last = max(0, passage.first - MARGIN), min(len(reading.sentences) - 1, passage.last + MARGIN)
    kept = []
    for at in range(first, last + 1):
        sentence = reading.sentences[at]
        text = clean(sentence.text)
        mine = sentence.speaker == reading.sentences[passage.quote_at].speaker
        if at not in aside and mine and _says_something(text):
            kept.append(Said(at=at, text=text, weight=weights.get(at, 0.0)))
    return kept


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


def _together(said: Sequence[Said], texts: Sequence[Text], speaker: str) -> tuple[Text, Headline] | None:
    """The text and the headline, cut from one of its sentences, that are best together."""
    counts = Counter(w for s in said for w in content(s.text))
    topic = {w for w, n in counts.items() if n > 1}
    weight = {s.at: 0.8 * s.weight + 0.5 for s in said}
    known: dict[tuple[int, str], Headline | None] = {}

    def top(text: Text) -> Headline | None:
        found = []
        for key in zip(text.at, text.sentences, strict=True):
            if key not in known:
                known[key] = headline(*key, weight[key[0]], topic, speaker)
            found.append(known[key])
        return max((h for h in found if h), key=lambda h: h.score, default=None)

    pairs = [(text, h) for text in texts if (h := top(text))]
    return max(pairs, key=lambda pair: pair[0].score + pair[1].score, default=None)


def _somebody(episode: Episode) -> str:
    return f"a speaker on {episode.show}" if episode.show else "one speaker"


def _problems(
    top: str, text: str, quote: str, said: Sequence[Said], reading: Reading, episode: Episode
) -> tuple[str, ...]:
    names = {s.speaker for s in reading.sentences}
    passage = " ".join(reading.sentences[s.at].text for s in said)
    metadata = " ".join([episode.title, episode.show, *names])
    found = problems(
        headline=top,
        text=text,
        quote=quote,
        passage=passage,
        metadata=metadata,
        transcript=" ".join(s.text for s in reading.sentences),
    )
    return found + invented(f"{top} {text}", f"{passage} {metadata}")
