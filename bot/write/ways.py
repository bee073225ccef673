"""Words that point one of two ways: the sides of a row contradict each other, one side of a family agrees."""

from __future__ import annotations

from bot.write.words import stem

# family: these | those
_AXES = """
amount: more most much greater extra additional over exceed | less fewer least lesser under
amount: increase increased increasing | decrease decreased decreasing reduce reduced reduction diminish
amount: grow grew growth growing expand expanding | shrink shrank shrinking contract
amount: rise rose rising climb up | fall fell falling drop dropped decline declining sink down
amount: raise raised boost | lower lowered cut
amount: gain gained | lose lost loss losing
amount: large larger largest big bigger biggest huge giant massive great | small smaller smallest tiny \
little minor
amount: high higher highest tall above | low lower lowest below
amount: many lots numerous dozens plenty | few fewer handful
amount: maximum maximal maximize | minimum minimal minimize
amount: upgrade | downgrade
speed: fast faster fastest quick quickly quicker rapid rapidly speed soon sooner instant instantly | slow \
slower slowly slowness slowest slowdown sluggish
time: before earlier prior previously beforehand precede | after later afterwards afterward subsequently
time: first initially | last finally
time: early | late
time: old older oldest | new newer newest young younger youngest
ease: easy easier easily easiest simple simpler simply simplest simplicity straightforward trivial | hard \
harder hardest difficult difficulty complex complicated complexity tough tricky hardly
good: good better best great well excellent | bad worse worst poor poorly terrible
good: improve improved improves improvement | worsen worsened worsens degrade
good: help helps helped helpful benefit | hurt hurts harm harms harmful
good: useful valuable | useless worthless
good: advantage | disadvantage
good: positive optimistic | negative pessimistic
cost: cheap cheaper cheapest cheaply inexpensive free | expensive costly pricey dearer dear expensively paid
safety: safe safer safest safely secure security | dangerous danger unsafe insecure risky riskier vulnerable
begin: start started starts begin began begins | stop stopped stops end ended ends finish finished quit
open: open opened opens | close closed closes shut
in: add added adds include included includes | remove removed removes exclude excluded excludes
all: all every everyone everything everybody | none nobody nothing
all: always | never rarely seldom
all: often usually frequently commonly common | rarely rare seldom
all: majority | minority
can: possible possibly | impossible
can: able | unable
can: allow allows allowed enable enables enabled permit | forbid forbids prevent prevents prevented block \
blocks
win: win wins won winner | lose loses lost loser
win: succeed succeeds succeeded success successful successfully | fail fails failed failure failing
accept: accept accepts accepted | reject rejects rejected refuse refused refuses
accept: agree agrees agreed | disagree disagrees disagreed
accept: support supports supported | oppose opposes opposed
accept: love loves like likes | hate hates dislike dislikes
length: long longer longest | short shorter shortest
strength: strong stronger strongest | weak weaker weakest
who: public publicly | private privately
where: local locally | remote remotely
where: near | far
where: inside internal within inner | outside external outer
where: front | back
sure: certain certainly sure | uncertain unsure
sure: reliable | unreliable
true: true right correct correctly | false wrong incorrect incorrectly
same: same identical alike | different differently
deal: buy bought buys purchase | sell sold sells
need: necessary required mandatory needed | unnecessary optional
rich: rich wealthy | poor
hot: hot warm | cold cool
kind: dynamic | static
kind: automatic automatically automated | manual manually
kind: direct directly | indirect indirectly
known: known | unknown
seen: visible | hidden invisible
depth: deep | shallow
full: full | empty
together: together | apart separately
skill: expert experts senior experienced | beginner beginners junior novice newcomers
like: like | unlike
with: with | without
"""
# word (or stem) → (row, family, side)
Way = tuple[int, str, int]


def _table() -> dict[str, tuple[Way, ...]]:
    table: dict[str, list[Way]] = {}
    for number, row in enumerate(_AXES.strip().splitlines()):
        family, _, words = row.partition(": ")
        for side, listed in zip((1, -1), words.split(" | "), strict=True):
            for form in sorted({f for word in listed.split() for f in (word, stem(word))}):
                entry = table.setdefault(form, [])
                if all(n != number for n, _, _ in entry):
                    entry.append((number, family, side))
    return {word: tuple(ways) for word, ways in table.items()}


WAYS = _table()
