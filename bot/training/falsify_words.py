"""Word tables that `falsify` exchanges by: comparatives, opposites, and verbs with two arguments."""

from __future__ import annotations

from bot.write.words import in_order

COMPARED = dict(
    pair.split("/")
    for pair in in_order(
        "more/less less/more fewer/more faster/slower slower/faster higher/lower lower/higher "
        "larger/smaller bigger/smaller smaller/larger better/worse worse/better easier/harder "
        "harder/easier cheaper/dearer earlier/later later/earlier before/after after/before "
        "most/least least/most longer/shorter shorter/longer stronger/weaker weaker/stronger "
        "safer/riskier quicker/slower simpler/harder greater/smaller older/younger younger/older "
        "sooner/later"
    )
)

OPPOSITE: dict[str, str] = dict(
    half
    for pair in in_order(
        "increase/decrease increases/decreases increased/decreased always/never everyone/nobody "
        "everything/nothing all/none easy/hard fast/slow cheap/expensive good/bad best/worst "
        "large/small big/small high/low long/short strong/weak safe/dangerous secure/insecure "
        "open/closed public/private local/remote possible/impossible success/failure succeed/fail "
        "succeeds/fails start/stop starts/stops started/stopped add/remove adds/removes "
        "added/removed include/exclude includes/excludes allow/forbid allows/forbids "
        "simple/complex new/old early/late first/last many/few often/rarely usually/rarely "
        "rich/poor true/false right/wrong accept/reject accepts/rejects accepted/rejected "
        "grow/shrink grows/shrinks grew/shrank rise/fall rises/falls rose/fell gain/lose win/lose "
        "wins/loses won/lost helps/hurts help/hurt improves/worsens improve/worsen "
        "improved/worsened useful/useless positive/negative likes/dislikes loves/hates "
        "like/unlike same/different free/paid manual/automatic manually/automatically "
        "together/apart with/without inside/outside internal/external direct/indirect "
        "certain/uncertain known/unknown visible/hidden necessary/unnecessary required/optional "
        "static/dynamic front/back hot/cold raise/lower raises/lowers raised/lowered buy/sell "
        "bought/sold agree/disagree agrees/disagrees enable/prevent enables/prevents able/unable "
        "supports/opposes cheaply/expensively quickly/slowly easily/hardly full/empty near/far "
        "deep/shallow older/newer beginners/experts"
    )
    for one, _, other in [pair.partition("/")]
    for half in ((one, other), (other, one))
)

VERBS = in_order(
    "beats replaces uses calls runs makes needs requires owns funds buys bought built wrote "
    "created invented replaced helps teaches tells asks pays hired leads drives controls "
    "produces supports attracts follows gives sends generates blocks kills breaks protects "
    "contains includes becomes precedes outperforms causes shapes reads acquired joined "
    "founded taught told asked paid led influenced inspired adopted copied rejected sued make "
    "makes made take takes took use uses used find finds found give gave put puts keep keeps "
    "kept help helps helped show shows showed run runs ran bring brings brought hold holds "
    "held include included created create follow followed allow allows allowed add adds added "
    "offer offers offered serve serves reach reaches kill raise raises raised require "
    "required pull pulls turn turns save saves saved push pushes handle handles manage "
    "manages force forces forced generate store stores stored control connect connects remove "
    "removes carry carries protect prevent prevents represent represents affect affects beat"
)
