"""English verbs of spoken technology talk and their forms: enough to see tense and make agreement."""

from __future__ import annotations


def listed(text: str) -> frozenset[str]:
    """The words of a list written as one text."""
    return frozenset(text.split())


# Starred ones are as often nouns (or adjectives): they count as verbs only after a subject.
_BASES = listed(
    "accelerate accept access* accomplish achieve acknowledge acquire act* adapt add address* adjust"
    " admit adopt advance* advise affect agree aim* align allocate allow amplify analyze announce answer*"
    " anticipate appear apply appreciate approach* argue arrive ask assemble assess assign assume attach"
    " attack* attempt* attract automate avoid bake balance* base* beat begin behave believe belong"
    " benefit* bet* blame* block* blow boost* boot* borrow bother break* breathe bridge* bring build* burn"
    " buy calculate call* cancel capture care* carry catch categorize cause* challenge* change* charge*"
    " chase check* choose claim* clarify classify clean click* climb close* collaborate collapse collect"
    " combine come commit* communicate compare compete compile complain compose compress compute concern*"
    " configure confuse connect consider constrain construct consume contact* contain continue contribute"
    " control* convert convince cook* cool copy* correct cost* count* cover* crack crash* create cross"
    " cultivate curate customize cut* damage* dance* deal* debug decide declare decline* decrease* define"
    " delay* delete deliver demand* demonstrate deny depend deploy derive describe deserve design* destroy"
    " detect determine develop die differ differentiate dig disagree disappear discover discuss display*"
    " distinguish distribute dive* divide do dominate double* download* draw dream* drive* drop* earn eat"
    " edit educate eliminate embed embrace emerge emphasize employ enable encode encounter encourage end*"
    " engage enhance enjoy ensure enter escape establish estimate* evaluate evolve examine exceed exclude"
    " execute exist expand expect experience* experiment* expire explain explode explore export* expose"
    " express extend extract face* facilitate fail fall* favor* fear* feed* feel fight* figure* fill"
    " filter* find finish fire* fit* fix* flip flow* fly focus* fold follow force* forget form* found"
    " frame* free freeze fund* gain* gather generalize generate get give go govern grab grow guarantee*"
    " guess* guide* hack* hand* handle* hang happen hate help hide highlight hire* hit* hold* hope* host*"
    " hurt identify ignore illustrate imagine implement imply import* impose improve include incorporate"
    " increase* indicate influence* inform inherit inject insert insist inspect inspire install integrate"
    " intend interact interest* interpret introduce invent invest investigate invite involve iterate join"
    " judge* jump* justify keep kick kill knock know lack* land* last* laugh* launch* lay lead* lean leap*"
    " learn leave* let level* leverage* lie* lift* like* limit* link* listen live* load* lock* log* look*"
    " lose love* maintain make manage map* market* match* matter* mean* measure* meet memorize mention*"
    " merge* mine minimize miss mix model* modify monitor* motivate move* multiply name* narrow navigate"
    " need notice* observe occur offer* open operate optimize order* organize outperform overcome"
    " overestimate owe own paint* parse participate pass* paste pause* pay* perceive perform permit*"
    " persist pick* place* plan* plant* play* plug point* possess post* pour practice* predict prefer"
    " prepare present* preserve press* pretend prevent price* print* prioritize process* produce program*"
    " promise* promote propagate propose protect prove provide publish pull* punish purchase* pursue push*"
    " put qualify question* quit quote* race* raise* rank* rate* reach* react read* realize reason*"
    " receive recognize recommend record* recover recruit redesign reduce refactor refer reflect refuse"
    " reinforce reject relate release* rely remain remember remind remove render rent* repeat replace"
    " reply* report* represent request* require research* resist resolve respect* respond rest* restart"
    " restrict result* retain rethink retire retrieve return* reuse reveal review* reward* rewrite ride*"
    " ring* rise* risk* roll* ruin rule* run* rush sacrifice* save scale* scan* score* search* secure see"
    " seek seem select sell send separate serve set* settle shape* share* shift* shine ship* shoot shop*"
    " show* shrink shut sign* signal* simplify sing sink* sit sleep* slow solve sort* sound* speak"
    " specialize specify spell spend spin split* spread* stack* stand* start* state* stay steal step*"
    " stick* stimulate stop* store* stress* stretch strike* strip struggle* study* submit subscribe"
    " succeed suck suffer suggest suit* supply* support* suppose surprise* survive sustain swap switch*"
    " synthesize tackle take talk* tap* target* taste* teach tell tend test* thank think threaten thrive"
    " throw tie* touch* track* trade* train* transfer* transform translate travel* treat trick* trigger*"
    " trust* try turn* type* underestimate understand undo unlock unpack update* upgrade* upload urge*"
    " use* utilize validate value* vary verify visit* visualize vote* wait wake walk* want warn wash"
    " waste* watch wear weigh welcome win* wind* wipe wish* withdraw wonder* work* worry* wrap write"
    " yield*"
)
# Base, past, participle where they aren't regular.
_IRREGULAR = """beat beat beaten|begin began begun|bet bet bet|blow blew blown|break broke broken
bring brought brought|build built built|buy bought bought|catch caught caught|choose chose chosen
come came come|cost cost cost|cut cut cut|deal dealt dealt|dig dug dug|do did done|draw drew drawn
drive drove driven|eat ate eaten|fall fell fallen|feed fed fed|feel felt felt|fight fought fought
find found found|fit fit fit|fly flew flown|forget forgot forgotten|freeze froze frozen|get got gotten
give gave given|go went gone|grow grew grown|hang hung hung|hear heard heard|hide hid hidden|hit hit hit
hold held held|hurt hurt hurt|keep kept kept|know knew known|lay laid laid|lead led led|leave left left
let let let|lie lay lain|lose lost lost|make made made|mean meant meant|meet met met
overcome overcame overcome|pay paid paid|prove proved proven|put put put|quit quit quit|read read read
ride rode ridden|ring rang rung|rise rose risen|run ran run|say said said|see saw seen|seek sought sought
sell sold sold|send sent sent|set set set|shine shone shone|shoot shot shot|show showed shown
shrink shrank shrunk|shut shut shut|sing sang sung|sink sank sunk|sit sat sat|sleep slept slept
speak spoke spoken|spend spent spent|spin spun spun|split split split|spread spread spread
stand stood stood|steal stole stolen|stick stuck stuck|strike struck struck|take took taken
teach taught taught|tell told told|think thought thought|throw threw thrown
understand understood understood|wake woke woken|wear wore worn|win won won|wind wound wound
withdraw withdrew withdrawn|rewrite rewrote rewritten|write wrote written|undo undid undone
rethink rethought rethought"""
_DOUBLED = listed(
    "beg begin bet commit cut debug dig drop fit flip forget get grab hit let log map occur permit plan"
    " plug prefer program put quit refer rub run scan set ship shop shut sit skip slip spin split spot"
    " step stop strip submit swap tap trap trim win wrap"
)


def third(base: str) -> str:
    """`go` → "goes": the form after he, she or a name."""
    if base in {"have", "be"}:
        return {"have": "has", "be": "is"}[base]
    if base.endswith("y") and base[-2:-1] not in "aeiou":
        return base[:-1] + "ies"
    return base + ("es" if base.endswith(("s", "x", "z", "ch", "sh", "o")) else "s")


def _past(base: str) -> str:
    if base.endswith("e"):
        return base + "d"
    if base.endswith("y") and base[-2:-1] not in "aeiou":
        return base[:-1] + "ied"
    return base + (base[-1] if base in _DOUBLED else "") + "ed"


def _ing(base: str) -> str:
    if base in {"lie", "die", "tie"}:
        return base[:-2] + "ying"
    stem = base[:-1] if base.endswith("e") and not base.endswith(("ee", "be")) else base
    return stem + (base[-1] if base in _DOUBLED else "") + "ing"


def _table() -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    irregular = {b: (p, pp) for b, p, pp in (row.split() for row in _IRREGULAR.replace("\n", "|").split("|"))}
    forms: dict[str, set[str]] = {}
    noisy = set()
    for word in {*_BASES, "say", "hear", "become", *irregular}:
        base = word.rstrip("*")
        past, participle = irregular.get(base, (_past(base), _past(base)))
        if base == "become":
            past, participle = "became", "become"
        for form, kind in (
            (base, "base"),
            (third(base), "s"),
            (past, "past"),
            (participle, "pp"),
            (_ing(base), "ing"),
        ):
            forms.setdefault(form, set()).add(kind)
        if word.endswith("*"):
            noisy |= {base, third(base)}
    return {form: frozenset(kinds) for form, kinds in forms.items()}, frozenset(noisy)


_FORMS, EITHER = _table()
_NONE: frozenset[str] = frozenset()


def kinds(word: str) -> frozenset[str]:
    """Which forms of a verb the (bare) word can be: base, s, past, pp, ing; empty when no known verb."""
    return _FORMS.get(word, _NONE)


def is_tensed(word: str) -> bool:
    """Whether it can carry a clause: not only a participle."""
    return bool(kinds(word) & {"base", "s", "past"})
