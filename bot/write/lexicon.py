"""Small word lists that stand in for a tagger: enough to tell a clause from a fragment."""

from __future__ import annotations


def listed(text: str) -> frozenset[str]:
    """The words of a list written as one text."""
    return frozenset(text.split())


AUXILIARY = listed(
    "is are was were am be been has have had do does did can could will would shall should may"
    " might must isn't aren't wasn't weren't hasn't haven't hadn't don't doesn't didn't can't"
    " couldn't won't wouldn't shouldn't gonna cannot ain't"
)
VERBS = listed(
    "go goes went get gets got make makes made take takes took come comes came see sees saw know"
    " knows knew think thinks thought say says said want wants wanted use uses used find finds"
    " found give gives gave tell tells told work works worked call calls called try tries tried"
    " ask asks asked need needs needed feel feels felt become becomes became leave leaves left put"
    " puts mean means meant keep keeps kept let lets begin begins began seem seems seemed help"
    " helps helped show shows showed start starts started run runs ran move moves moved live lives"
    " lived believe believes believed hold holds held bring brings brought happen happens happened"
    " write writes wrote provide provides provided sit sits sat stand stands stood lose loses lost"
    " pay pays paid meet meets met include includes included continue continues set sets learn"
    " learns learned change changes changed lead leads led understand understands understood watch"
    " watches follow follows followed stop stops stopped create creates created speak speaks spoke"
    " read reads allow allows allowed add adds added spend spends spent grow grows grew open opens"
    " opened win wins won offer offers offered remember remembers love loves loved consider"
    " considers appear appears buy buys bought wait waits serve serves die dies died send sends"
    " sent expect expects expected build builds built stay stays stayed fall falls fell cut cuts"
    " reach reaches kill kills raise raises raised pass passes passed sell sells sold require"
    " requires required decide decides decided pull pulls pulled break breaks broke solve solves"
    " solved depend depends matter matters mattered cost costs turn turns turned tend tends tended"
    " care cares look looks looked talk talks talked figure figures end ends ended support"
    " supports supported produce produces produced increase increases increased reduce reduces"
    " reduced drop drops dropped cause causes caused train trains trained scale scales scaled ship"
    " ships shipped deploy deploys deployed teach teaches taught deal deals dealt drive drives"
    " drove eat eats ate affect affects involve involves fail fails failed save saves saved push"
    " pushes pushed replace replaces handle handles check checks manage manages own owns owned"
    " contain contains sound sounds relate relates exist exists exists act acts beat beats gain"
    " gains focus focuses share shares trust trusts prefer prefers choose chooses chose hire hires"
    " hired enable enables force forces forced hurt hurts wins win suffer suffers struggle"
    " struggles evolve evolves rely relies assume assumes trigger triggers improve improves"
    " improved compare compares apply applies release releases released generate generates store"
    " stores control controls connect connects remove removes test tests design designs designed"
    " carry carries hit hits lie lies think outperform outperforms dominate dominates shape shapes"
    " protect protects prevent prevents benefit benefits measure measures perform performs"
    " performed respond responds recognize recognizes represent represents"
)
# Verbs that are as often nouns: they count as verbs only after a subject.
EITHER = listed(
    "use uses need needs change changes work works test tests design designs show shows help"
    " helps cost costs care look looks store stores control controls release releases share shares"
    " support supports end ends focus act acts force trust measure measures call calls run runs"
    " move moves start starts stop stops set sets need talk talks figure figures increase drop"
    " drops cause causes train trains scale ship ships deal deals drive cut hit push pull win wins"
    " benefit benefits shape check benefits fall turn turns pay cause matter matters build builds"
    " experience answer question report log state handle handles gain gains process sound sounds"
    " love hope live lives lie lies play plan try thought felt left found read leads leads break"
    " spend put"
)
PRONOUNS = listed("it this that they he she these those them him her its their his hers theirs")
FIRST = listed("i me my mine myself we us our ours ourselves i'm i've i'd i'll we're we've we'd we'll let's")
SECOND = listed("you your yours yourself you're you've you'd you'll")
SUBJECTS = FIRST | SECOND | PRONOUNS | listed("there there's everyone people nobody somebody")
DETERMINERS = listed("a an the some any every each no most many all both few several")
SUBORDINATE = listed(
    "if when while since once although though unless until before after as whenever because whether"
)
RELATIVE = listed("which who whom whose that where what how why")
CONJUNCTIONS = listed("and but or so nor yet because plus then")
PREPOSITIONS = listed(
    "of in on at to for with from by about into onto over under between among through without"
    " within than like as per via against toward towards during across around upon"
)
STOPS = (
    AUXILIARY
    | PRONOUNS
    | FIRST
    | SECOND
    | DETERMINERS
    | SUBORDINATE
    | RELATIVE
    | CONJUNCTIONS
    | PREPOSITIONS
    | listed(
        "just really very also even too well now here there more much lot lots kind sort thing things"
        " stuff get got going go know think like right yeah okay actually basically one something"
        " anything everything way not want mean say said it's that's there's they're don't people make"
        " made gonna maybe up out down off back because good great still other another same such only"
        " own"
    )
)
# A headline or a sentence never ends on one of these.
DANGLING = (
    PREPOSITIONS
    | DETERMINERS
    | CONJUNCTIONS
    | SUBORDINATE
    | RELATIVE
    | (AUXILIARY - {"can't", "don't", "doesn't", "didn't", "won't", "isn't", "aren't", "do", "does", "did"})
    | listed("very really just my your our their his her its i we they he she more less even also")
)


def bare(word: str) -> str:
    """A word without its punctuation, in lower case, with a straight apostrophe."""
    return word.lower().replace("’", "'").strip("\"“”‘'()[].,;:!?…–—-*")


def is_finite(word: str) -> bool:
    """Whether the word is (likely) a verb that carries a clause."""
    w = bare(word)
    return w in AUXILIARY or w in VERBS or is_contracted(w)


def is_contracted(w: str) -> bool:
    """`it's`, `they're`, `we'll`: a subject with its verb in one word (a noun's 's may be a genitive)."""
    head, mark, tail = w.partition("'")
    return bool(mark) and (
        tail in {"re", "ll", "ve", "d", "m"} or (tail == "s" and head in SUBJECTS | RELATIVE)
    )


def content(text: str) -> set[str]:
    """The words that carry meaning."""
    return {w for w in map(bare, text.split()) if len(w) > 2 and w not in STOPS}
