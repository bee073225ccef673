"""Advertisements of shows the finder never heard, and talk that only sounds like them."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from bot.domain import Sentence, SetAside
from bot.errors import ModelError
from bot.read.ads_cues import NAMES, counts, plain
from bot.read.ads_rules import runs
from bot.read.sponsors import AdModel, sponsor_reads
from bot.training.metric import f_half, overlap

TALK = (
    "So the river used to freeze every winter, and people walked across it to the market.",
    "That stopped in the nineties, when the power station upstream began to warm the water.",
    "What surprised me was how quickly the fish changed.",
    "Within ten years the trout were gone and the carp had taken over.",
    "We counted them by hand, because the sonar couldn't tell them apart.",
    "And then somebody asked a question that none of us could answer.",
    "If the plant closes, do the trout come back?",
    "My guess is that they don't, at least not for a generation.",
    "Right, because the insects they lived on are gone as well.",
    "Exactly, you would have to rebuild the whole chain from the bottom.",
)
READS = """
This episode is sponsored by Willow Loom.
They make wool blankets in a mill that is two hundred years old.
I've had mine on the sofa all winter and the dog has stolen it twice.
Go to willowloom.com slash river and use code RIVER for 15 percent off your first order.

Support for this podcast comes from Heron Credit Union.
Heron offers savings accounts with no monthly fees.
Learn more at heroncu.org.

We'll be right back after this.
Tired of meetings that should have been a memo?
Memopad turns your recordings into a page your team will read.
Start your free trial at memopad.io.
And now back to the show.

Today's show is brought to you by Anchorly, the calendar for people who hate calendars.
Sign up for free at anchorly.com slash river.
Thank you to Anchorly for supporting the show.

Let me take a second to thank our sponsor, Greenpan Kitchen.
Their meals arrive chopped and ready, so that dinner takes fifteen minutes.
Visit greenpan.com and get three boxes half off with promo code RIVER.

And now a word from our sponsors.
If you run servers, you know the feeling when the phone rings at night.
Nightowl finds the broken deploy before your users do.
Try it free for 30 days at nightowl.dev.

This portion of the podcast is brought to you by Fernhill Insurance.
They cover studios, gear and travel in one policy.
Get a quote in five minutes at fernhill.com.
The link is in the show notes.

Before we go on, I want to tell you about Saltbox.
Saltbox is supporting the show this month.
They host your database, take the backups and wake up when it breaks.
Check them out at saltbox.io slash river and get a fifty dollar credit.

Thanks to Marlowe Books for sponsoring this week's episode.
Marlowe ships a novel you've never heard of to your door each month.
Use our code RIVER at marlowebooks.com for your first month free.

This message comes from Tallgrass Bank.
Open an account online with no minimum balance.
More at tallgrass.com.
""".strip().split("\n\n")
ALIKE = """
We had a sponsor for the expedition in the first year.
The company wanted its name on the boat and got it.
In the second year they asked us to leave out one of the findings.
So we found the money elsewhere.

The pricing went wrong from the start.
They gave everyone a discount code, and half of the customers never paid the full price.
When the code expired so did the business.

The bill was sponsored by two senators from opposite parties.
It would have closed the plant within five years.
It died in committee, because nobody wanted the first vote.

Open source maintainers get a few hundred dollars from sponsors on average.
That pays for coffee and not for rent.
The exceptions are projects which a company depends on.

The study was funded by the ministry and by the plant itself.
I was worried about that, so we published the raw counts.
Two groups have repeated it since, and they found the same.

Free trials teach people to leave.
We measured it, and those who paid from the first day stayed twice as long.
So we ended the trial and lost a third of our signups.

The app tracks when you go to sleep and when you get up.
It sends all of that to the insurance company.
You agreed to that on page nine of the terms.

Podcasts live on advertising, and the market has halved.
The hosts who read ads themselves are paid more.
Listeners trust a voice they know, and that is what the brand is buying.

You can visit the old mill on Sundays.
The wheel still turns, and the machine hall is from 1890.
It made paper for the newspapers until the river was dammed.

The community garden has two hundred members now.
They share tools and water, and the harvest goes to the school.
What it needs is a lease that lasts longer than a year.
""".strip().split("\n\n")


def bare(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s']", " ", text).lower().split())


def heard(read: str, *, stripped: bool) -> tuple[list[Sentence], tuple[int, int]]:
    """The read in the middle of talk, and where it lies."""
    lines = read.splitlines()
    texts = [*TALK * 3, *lines, *TALK[5:], *TALK * 2]
    said = [Sentence(start=None, end=None, speaker="", text=bare(t) if stripped else t) for t in texts]
    return said, (30, 29 + len(lines))


def claimed(read: str, *, stripped: bool) -> tuple[tuple[SetAside, ...], bool]:
    said, true = heard(read, stripped=stripped)
    found = sponsor_reads(said)
    return found, any(overlap((s.first, s.last), true) >= 0.5 for s in found)


@pytest.mark.parametrize("stripped", [False, True])
def test_reads_of_unheard_shows_are_found_and_talk_about_sponsors_is_not(stripped: bool) -> None:
    reads = [claimed(r, stripped=stripped) for r in READS]
    alike = [sponsor_reads(heard(r, stripped=stripped)[0]) for r in ALIKE]
    found, claims = sum(hit for _, hit in reads), sum(len(c) for c, _ in reads) + sum(map(len, alike))
    assert f_half(found, claims, len(READS)) >= 0.75
    assert sum(map(len, alike)) <= 2


def test_reads_come_in_order_without_overlap() -> None:
    said = [s for r in READS[:4] for s in heard(r, stripped=False)[0]]
    found = sponsor_reads(said)
    assert len(found) >= 3
    assert all(a.last < b.first for a, b in pairwise(found))


def test_two_sponsors_in_one_breath_are_one_read() -> None:
    texts = [
        "This episode is sponsored by Acme Cloud.",
        "Get started at acme.com/show.",
        "And it's brought to you by Bolt, the wrench for code.",
        "Download it for free at bolt.dev/show.",
    ]
    found = runs([Sentence(start=None, end=None, speaker="", text=t) for t in texts])
    assert [(r.first, r.last) for r in found] == [(0, 3)] and found[0].sure


def test_without_weights_rules_alone_find_the_plainest(tmp_path: Path) -> None:
    said, true = heard(READS[3], stripped=False)
    found = sponsor_reads(said, tmp_path / "none.safetensors")
    assert any(overlap((s.first, s.last), true) >= 0.5 for s in found)
    assert sponsor_reads([], tmp_path / "none.safetensors") == ()


def test_weights_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "ads.safetensors"
    path.write_bytes(b"no weights")
    with pytest.raises(ModelError, match="can't be read"):
        AdModel(path)


def test_written_and_spoken_addresses_are_the_same_cue() -> None:
    assert plain("Save 20% at Acme.com/show!") == "save 20 percent at acme com slash show"
    column = NAMES.index("url")
    table = counts([plain("go to acme.ai now"), plain("go to acme dot com"), plain("the ai came along")])
    assert list(table[:, column] > 0) == [True, True, False]
