"""/ask: a question to the podcasts of a channel, or to one show, or to the episode of an insight."""

from __future__ import annotations

from collections.abc import Sequence

from bot import digest
from bot.domain import Answer, Channel, Citation, Feed, Source, hhmmss
from bot.errors import EarmarkError
from bot.following import followed, the_one
from bot.request import Core, Request
from bot.views import Part, Quote, Text, View

AN_EPISODE = "episode:"
MOST = 50  # transcripts that one answer is made of


def ask(core: Core, request: Request) -> View:
    question = request.get("question")
    if not question:
        raise EarmarkError("Ask something: /ask how do they price bread?")
    sources = sources_of(core, request.channel, request.get("show"), question)
    if not sources:
        raise EarmarkError("No episode has been transcribed for this channel yet.")
    show = f"show:{request.get('show')} " if request.get("show") else ""
    return View(parts=answered(core, core.answerer.answer(question, sources)), share=f"/ask {show}{question}")


def sources_of(core: Core, channel: Channel, show: str = "", question: str = "") -> Sequence[Source]:
    """The channel's transcribed episodes, newest first; of one show, or one episode ("episode:12").

    With a question only those that are likely to answer it, likeliest first: transcripts are long to load.
    """
    feeds = followed(core.store, channel)
    wanted = show.removeprefix(AN_EPISODE)
    one = show.startswith(AN_EPISODE) and wanted.isdecimal()
    chosen = feeds if one or not show else [the_one(feeds, show)]
    heard = core.store.heard([feed.id for feed in chosen])
    if one:
        heard = [id for id in heard if id == int(wanted)]
    asked = core.answerer.likely(question, heard) if question else heard
    return [core.store.source(id) for id in asked[:MOST]]


def answered(core: Core, answer: Answer) -> tuple[Part, ...]:
    """The answer, and what was said with the way to where it was said."""
    quotes = [_quote(core, cited) for cited in answer.citations]
    nearest = () if answer.found or not quotes else (Text(text="The nearest that was said:", quiet=True),)
    made = " and ".join(filter(None, (answer.provenance.reader, answer.provenance.writer)))
    told = (Text(text=f"Answered by {made}, from the transcripts alone.", quiet=True),) if made else ()
    return (Text(text=answer.text), *nearest, *quotes, *told)


def _quote(core: Core, cited: Citation) -> Quote:
    by = " · ".join(filter(None, (cited.speaker, cited.show, cited.episode, hhmmss(cited.start))))
    episode = core.store.episode(cited.episode_id) if cited.episode_id else None
    return Quote(
        text=cited.quote, by=by, link=digest.link_at(episode, cited.start, core.pages) if episode else ""
    )


def complete_show(core: Core, channel: Channel, typed: str) -> list[tuple[str, str]]:
    """The shows that are followed, then their newest episodes that can be asked."""
    feeds = followed(core.store, channel)
    wanted = typed.casefold()
    shows = [(feed.title, str(feed.id)) for feed in feeds if feed.title and wanted in feed.title.casefold()]
    return [*shows, *_episodes(core, feeds, wanted)][:25]


def _episodes(core: Core, feeds: Sequence[Feed], wanted: str) -> list[tuple[str, str]]:
    newest = [e for feed in feeds for e in core.store.episodes(feed.id)[:10] if e.status == "wanted"]
    return [
        (f"{episode.show}: {episode.title}", f"{AN_EPISODE}{episode.id}")
        for episode in newest
        if wanted in f"{episode.show} {episode.title}".casefold()
    ]
