"""/wrong and /errata: a member doubts an insight, the transcript is looked at again, the channel decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot import digest
from bot.domain import Channel, Erratum, Flag, Pick, Reading, Recheck, Verdict, hhmmss
from bot.errors import EarmarkError, StoreError
from bot.handlers.insights import more_button, picked
from bot.request import Core, Request
from bot.views import Button, Field, Form, Heading, Part, Quote, Text, View, message

REASON = 300  # characters: a line in a post
BESIDE = 2  # sentences before and after the quote
LOOK_BACK = 400  # digests
A_PAGE = 5
NO_REASON = "no reason was given"
STANDS = "Its quote is in the transcript, and so are its numbers."
WAITS = "Until this channel decides (/errata), the post stays as it is."
GONE = (
    "It is withdrawn everywhere: {why}. The posts that hold it are edited within a minute or so; nobody has "
    "to decide anything."
)


def wrong(core: Core, request: Request) -> View:
    request = _of_post(request)
    pick = picked(core, request, "wrong")
    if digest.is_withdrawn(pick):
        return message(f"That insight is gone already. {digest.note(pick.erratum)}")
    flag = core.store.flag(
        Flag(
            channel_id=request.channel.id,
            insight_id=pick.insight.id,
            user=request.user,
            reason=_reason(request),
            flagged_at=core.clock(),
        )
    )
    found = _recheck(core, pick)
    if found and found.unsupported:
        why = "; ".join(found.unsupported)
        _decide(core, pick, None, "withdrawn", why)
        return message(f"Thank you, you are right. {GONE.format(why=why)}")
    heading = Heading(text=f"Thank you: “{pick.insight.headline}” is noted as wrong (no. {flag.id})")
    outcome = Text(text=f"{STANDS if found else 'Its transcript is no longer here.'} {WAITS}")
    return View(parts=(heading, *_said(core, pick), outcome, *_doubts(found)))


def _of_post(request: Request) -> Request:
    """In the digest that a button or form names, where it does."""
    post = request.get("post")
    return replace(request, digest_id=int(post)) if post.isdecimal() and len(post) < 10 else request


def wrong_form(core: Core, channel: Channel, options: Mapping[str, str]) -> Form | None:
    number, post = options.get("number", ""), options.get("post", "")
    if not number.isdecimal() or options.get("reason"):
        return None
    named = f"post:{post} " if post.isdecimal() else ""
    why = Field(name="reason", label="What is wrong with it?", hint="Others will read this", long=True)
    return Form(title=f"Insight {number} is wrong", command=f"/wrong {named}{number}", fields=(why,))


def _reason(request: Request) -> str:
    return " ".join(request.get("reason").split())[:REASON]


def _recheck(core: Core, pick: Pick) -> Recheck | None:
    """None: the transcript is no longer here, so it can't be said."""
    reading = core.store.reading(pick.episode.id)
    try:
        source = core.store.source(pick.episode.id)
    except StoreError:
        return None
    shown = digest.amended(pick)
    return core.checker.recheck(shown, pick.episode, source, reading or _NOTHING)


_NOTHING = Reading(sentences=(), passages=(), model="")


def _doubts(found: Recheck | None) -> tuple[Text, ...]:
    if not found or not found.doubts:
        return ()
    lines = "\n".join(f"• {doubt}" for doubt in found.doubts[:6])
    return (Text(text=f"What the check by rules doubts (it also doubts true ones):\n{lines}", quiet=True),)


def _said(core: Core, pick: Pick) -> tuple[Part, ...]:
    """The quote with the sentences around it, and where to hear it."""
    reading, insight = core.store.reading(pick.episode.id), pick.insight
    shown = digest.item(pick, 1, core.pages)
    where = Text(text=" · ".join(filter(None, (shown.source, shown.moment, shown.link))), quiet=True)
    said = reading.sentences if reading else ()
    at = next((n for n, s in enumerate(said) if insight.quote.casefold() in s.text.casefold()), None)
    if at is None:
        return (Quote(text=insight.quote, by=insight.speaker), where)
    near = said[max(0, at - BESIDE) : at + BESIDE + 1]
    by = ", ".join(filter(None, (insight.speaker, hhmmss(near[0].start))))
    return (Quote(text=" ".join(s.text for s in near), by=by), where)


def errata(core: Core, request: Request) -> View:
    """The open cases, an insight each."""
    page = max(1, int(request.get("page"))) if request.get("page").isdecimal() else 1
    cases = list(_cases(core, request.channel))
    if not cases:
        return message("Nobody has called an insight of this channel wrong. /wrong NUMBER does.")
    shown = cases[(page - 1) * A_PAGE : page * A_PAGE]
    parts = [part for pick, flags in shown for part in _case(core, pick, flags)]
    more = more_button(f"/errata list {page + 1}", len(cases) - page * A_PAGE)
    return View(parts=(Heading(text="Held to be wrong"), *parts, *more))


def _cases(core: Core, channel: Channel) -> Sequence[tuple[Pick, Sequence[Flag]]]:
    flags = [flag for flag in core.store.flags(channel.id) if flag.status == "open"]
    picks = _picks(core, channel) if flags else {}
    about = dict.fromkeys(flag.insight_id for flag in flags if flag.insight_id in picks)
    return [(picks[id_], [flag for flag in flags if flag.insight_id == id_]) for id_ in about]


def _picks(core: Core, channel: Channel) -> dict[int, Pick]:
    digests = core.store.digests(channel.id, LOOK_BACK)
    return {pick.insight.id: pick for made in digests for pick in made.picks}


def _case(core: Core, pick: Pick, flags: Sequence[Flag]) -> tuple[Part, ...]:
    number, people = flags[0].id, "says 1 person" if len(flags) == 1 else f"say {len(flags)} people"
    reasons = "; ".join(dict.fromkeys(flag.reason or NO_REASON for flag in flags))
    shown = digest.amended(pick)
    return (
        Text(text=f"{number}. {shown.headline}\n{shown.text}\nWrong, {people}: {reasons}"),
        *_said(core, pick),
        *_doubts(_recheck(core, pick)),
        Button(label=f"Withdraw {number}", command=f"/errata withdraw {number}", danger=True),
        Button(label=f"Correct {number}", command=f"/errata correct {number}"),
        Button(label=f"Let {number} stand", command=f"/errata dismiss {number}"),
    )


def withdraw(core: Core, request: Request) -> View:
    pick, flag = _case_of(core, request)
    _decide(core, pick, request.channel.id, "withdrawn", _reason(request) or flag.reason)
    return message(f"Withdrawn: “{pick.insight.headline}”. The post is edited within a minute or so.")


def dismiss(core: Core, request: Request) -> View:
    pick, _ = _case_of(core, request)
    _decide(core, pick, request.channel.id, "dismissed", _reason(request))
    return message(f"It stands: “{pick.insight.headline}”.")


def correct(core: Core, request: Request) -> View:
    pick, flag = _case_of(core, request)
    headline, text = (" ".join(request.get(name).split()) for name in ("headline", "text"))
    if not headline or not text:
        raise EarmarkError(f'How? /errata correct headline:"…" {flag.id} and the new text.')
    if misfit := core.checker.misfit(headline, text):
        raise EarmarkError(
            f"That can't be posted: {'; '.join(misfit)}. A text has 35 to 65 words, a headline 12 at most."
        )
    made = _decide(core, pick, request.channel.id, "corrected", "", headline, text)
    found = _recheck(core, replace(pick, erratum=made))
    doubts = (*found.unsupported, *found.doubts) if found else ()
    done = "Corrected. The post is edited within a minute or so, and says that these are the channel's words."
    return View(parts=(Text(text=done), *_doubts(Recheck(doubts=doubts))))


def correct_form(core: Core, channel: Channel, options: Mapping[str, str]) -> Form | None:
    if options.get("headline") or options.get("text"):
        return None
    try:
        pick, flag = _case_of(core, Request(channel=channel, options=dict(options)))
    except EarmarkError:
        return None  # said in words where it is run
    shown = digest.amended(pick)
    fields = (
        Field(name="headline", label="Headline", value=shown.headline, hint="the claim, 12 words at most"),
        Field(name="text", label="Text", value=shown.text, hint="35 to 65 words", long=True),
    )
    return Form(title="Correct an insight", command=f"/errata correct {flag.id}", fields=fields)


def _case_of(core: Core, request: Request) -> tuple[Pick, Flag]:
    """The insight of a flag of this channel by its number; one that is decided can be decided anew."""
    number = request.get("number").removeprefix("#").rstrip(".")
    flag = next((f for f in core.store.flags(request.channel.id) if str(f.id) == number), None)
    pick = _picks(core, request.channel).get(flag.insight_id) if flag else None
    if flag is None or pick is None:
        raise EarmarkError("Which one? /errata lists what is held to be wrong here, with its number.")
    if pick.erratum and pick.erratum.channel_id is None:
        raise EarmarkError(f"That insight is gone already. {digest.note(pick.erratum)}")
    return pick, flag


def _decide(
    core: Core,
    pick: Pick,
    channel_id: int | None,
    verdict: Verdict,
    reason: str,
    headline: str = "",
    text: str = "",
) -> Erratum:
    return core.store.decide(
        Erratum(
            insight_id=pick.insight.id,
            channel_id=channel_id,
            verdict=verdict,
            reason=reason,
            headline=headline,
            text=text,
            decided_at=core.clock(),
        )
    )
