"""/why, and /digest taste and forget: why an insight was chosen, and what a channel's ratings have taught."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot import lineage, taste
from bot.domain import Leaning, Pick, Why
from bot.errors import EarmarkError
from bot.handlers.insights import digest_of, picked
from bot.request import Core, Request
from bot.views import Button, Heading, Text, View, message

TOLD = 8  # leanings that are told each way
NOTHING_YET = (
    "Nothing has been learned yet: no rating counts here so far. 👍 and 👎 under a post, or "
    "/rate 2 useful, bring more of what people here find useful; one person alone changes little."
)


def why(core: Core, request: Request) -> View:
    """From what was frozen with the post: so it was, whatever has been rated or set since."""
    pick, number = picked(core, request, "why"), request.get("number")
    made = digest_of(core, request)
    steps = lineage.lines([pick.insight.provenance])
    by = (Text(text="\n".join(steps), quiet=True),) if steps else ()
    lines = list(_reasons(pick)) if pick.why else ["This post is from before reasons were kept."]
    return View(
        parts=(
            Heading(text=f"Why {number}. {pick.insight.headline}"),
            Text(text="\n".join(f"• {line}" for line in lines)),
            Text(text="/digest taste shows what has been learned here.", quiet=True),
            *by,
        ),
        digest_id=made.id if made else 0,
    )


def _reasons(pick: Pick) -> Iterator[str]:
    found = pick.why or Why(score=pick.insight.score)
    yield f"The reader found it worth {found.score:.2f} of 1; less than 0.15 is never posted."
    if found.topics:
        yield f"It speaks of what is preferred here: {', '.join(found.topics)} ({_change(found.preferred)})."
    yield from _of_taste(found)
    if found.variety < 0.995:
        yield f"It is somewhat like what stands above it, for variety's sake: {_change(found.variety)}."
    if found.outside:
        yield "It has the last place for being none of what ratings here favour: the mix stays mixed."
    if pick.also:
        others = ", ".join(dict.fromkeys(f"“{other.episode.title}”" for other in pick.also))
        yield f"The same was said in {others}: it is posted once."
    if pick.follows:
        yield f"It goes on about an earlier post: “{pick.follows.headline}”."


def _of_taste(found: Why) -> Iterator[str]:
    telling = [x for x in found.leanings if (x.weight > 0) == (found.taste > 1)][:3]
    if abs(found.taste - 1) < 0.005 or not telling:
        yield "Ratings in this channel changed nothing about it."
        return
    yield f"Ratings here: {_change(found.taste)}, for {'; '.join(map(taste.worded, telling))}."


def _change(factor: float) -> str:
    return f"{'+' if factor >= 1 else '−'}{abs(factor - 1) * 100:.0f} %"


def show(core: Core, request: Request) -> View:
    channel = core.store.channel(request.channel.id)
    learned = taste.learn(core.store.rated(channel.id, channel.taste_since))
    if not learned.ratings:
        return message(NOTHING_YET)
    ratings = "1 rating" if learned.ratings == 1 else f"{learned.ratings} ratings"
    people = "one person" if learned.people == 1 else f"{learned.people} people"
    bound = f"{(taste.MOST - 1) * 100:.0f} %"
    said = [
        f"From {ratings} by {people}. Together these change a score by {bound} at most, and where all would "
        "be favoured one place is kept for something else.",
        *_list("Brought forward", [x for x in learned.leanings if x.weight > 0]),
        *_list("Pushed back", [x for x in learned.leanings if x.weight < 0]),
    ]
    said += [] if learned.leanings else ["That is too little to lean either way."]
    forget_ = Button(label="Forget it", command="/digest forget taste", danger=True)
    return message("\n".join(said), forget_)


def _list(title: str, leanings: Sequence[Leaning]) -> list[str]:
    return [f"{title}:", *(f"• {taste.worded(leaning)}" for leaning in leanings[:TOLD])] if leanings else []


def forget(core: Core, request: Request) -> View:
    """The ratings stay stored, as examples to train with; they only count no longer here."""
    if request.get("what").lower() != "taste":
        raise EarmarkError("Only what ratings have taught can be forgotten: /digest forget taste.")
    channel = core.store.channel(request.channel.id)
    core.store.save_channel(replace(channel, taste_since=core.clock()))
    return message("Forgotten: from now on only new ratings count here. Preferred and muted topics stay.")
