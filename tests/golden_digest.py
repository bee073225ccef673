"""One day's digest with all that a real one may hold: every adapter's golden file shows this."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from bot.domain import Channel, Digest, Enclosure, Episode, Follow, Insight, Pick, Provenance

CHANNEL = Channel(id=7, platform="console", workspace="W1", name="C1", title="reading-room")

_MADE = Provenance(
    transcript="publisher (vtt)", reader="Earmark reader 2 (MiniLM int8)", writer="Earmark extractive 1"
)
_HEARD = Provenance(
    transcript="speech (faster-whisper tiny.en int8)", reader=_MADE.reader, writer=_MADE.writer
)


def _pick(number: int, show: str, title: str, insight: Insight, *, link: str = "", audio: str = "") -> Pick:
    enclosure = Enclosure(url=audio, mime_type="audio/mpeg") if audio else None
    return Pick(
        insight=insight,
        episode=Episode(id=number, feed_id=number, show=show, title=title, link=link, enclosure=enclosure),
    )


PICKS = (
    _pick(
        1,
        "The Baker's Dozen",
        "What a loaf costs & why",
        Insight(
            id=11,
            headline="Flour is a tenth of what a loaf costs; wages are a half",
            text="Ana Sousa breaks the price of her loaf down: flour makes up about 10 percent, wages "
            "close to 50, and rent most of the rest. When wheat doubled, her bread had to rise by a tenth "
            "only, which is why she never put a surcharge on the bill.",
            quote="Flour is ten percent. People never believe me, but flour is ten percent.",
            speaker="Ana Sousa",
            start=751.4,
            score=0.91,
            provenance=_MADE,
        ),
        link="https://baker.example/episodes/12",
        audio="https://cdn.example/baker/12.mp3",
    ),
    _pick(
        2,
        "Canopy",
        "Street trees, counted",
        Insight(
            id=12,
            headline="One shaded street cools a whole block by two degrees",
            text="A city forester measured pavements over three summers. Where the crowns of the trees met "
            "above the road, the block was 2.1 degrees cooler at night, and the gain reached one street "
            "further than the shade itself.",
            quote="The shade ends at the curb. The cooling doesn't.",
            speaker="",
            start=None,
            score=0.84,
            provenance=_MADE,
        ),
        link="https://canopy.example/trees?utm=a&b=c",
    ),
    _pick(
        3,
        "夜のラジオ",
        "眠りの科学 (第三回)",
        Insight(
            id=13,
            headline="Naps after 3 p.m. cost more sleep at night than they give",
            text="Dr. 佐藤 explains why her clinic asks people with insomnia to nap before three in the "
            "afternoon: later naps use up the pressure to sleep, so the night gets shorter by more than the "
            "nap was long.",
            quote="昼寝は三時までにしてください。",
            speaker="佐藤 美咲",
            start=3725.0,
            score=0.8,
            provenance=_HEARD,
        ),
        link="https://radio.example/3",
        audio="https://cdn.example/radio/3.mp3?session=1",
    ),
    _pick(
        4,
        "Ship *It* <Fast>",
        "Why @everyone deploys on Friday",
        Insight(
            id=14,
            headline="Teams that deploy on Fridays break less, because they deploy smaller",
            text="Across 900 teams, those that release on any day had a third fewer incidents a change. The "
            "host's reading: a ban on Fridays makes Monday's release twice as big, and size is what breaks.",
            quote="Banning Friday doesn't remove risk, it moves it to Monday & doubles it.",
            speaker="Priya N.",
            start=62.0,
            score=0.77,
            provenance=_MADE,
        ),
    ),
    _pick(
        5,
        "مختبر",
        "لماذا نصدق الأرقام",
        Insight(
            id=15,
            headline="Round numbers are believed less than exact ones, even when both are guesses",
            text="In the study that Dr. Haddad describes, people trusted an estimate of 4,936 over one of "
            "5,000, though both came from the same guess. Precision reads as evidence, she says, so a range "
            "is the honest way to write it.",
            quote="نصدق الرقم الدقيق لأنه يبدو كأنه قيس.",
            speaker="د. حداد",
            start=1440.9,
            score=0.71,
            provenance=_HEARD,
        ),
        link="javascript:alert(1)",
        audio="https://cdn.example/lab/9.mp3",
    ),
)

ALSO = (
    _pick(
        6,
        "Crumb & Co",
        "Bread inflation",
        Insight(
            id=16,
            headline="Wages, not flour, set the price of bread",
            text="A miller says that flour is a tenth of a loaf's price.",
            quote="It was never the flour.",
            start=312.0,
        ),
        link="https://crumb.example/7",
        audio="https://cdn.example/crumb/7.mp3",
    ),
    _pick(
        7,
        "مختبر",
        "ما *ثمن* الخبز؟",
        Insight(id=17, headline="Flour is a tenth of a loaf", text="So it is.", quote="الدقيق عُشر الثمن."),
    ),
)
FOLLOWS = Follow(
    insight_id=3,
    headline="Trees planted now cool streets by 2050",
    digest_id=38,
    local_date=date(2026, 11, 20),
)

DIGEST = Digest(
    id=42,
    channel_id=7,
    local_date=date(2026, 11, 24),
    picks=(replace(PICKS[0], also=ALSO), replace(PICKS[1], follows=FOLLOWS), *PICKS[2:]),
    episodes_scanned=9,
    hours_scanned=7.3,
    created_at=datetime(2026, 11, 24, 7, tzinfo=UTC),
)
