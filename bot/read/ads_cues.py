"""What sentences of advertisements say, counted on text that case and punctuation don't change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
TLD = r"(?:com|fm|io|org|dev|net)"
# Endings that are words too: only behind a dot, or the spoken word.
LESS_SURE = r"(?:ai|co|app|show|tv|us|me|sh|gg|edu|in|chat)"
_DOTTED = re.compile(rf"(\w)\.(?={LESS_SURE}\b)")
_SPOKEN = {"%": " percent ", "++": " plus plus ", "/": " slash ", "-": " ", "’": "'", "&#39;": "'"}
# What opens a read, thanks, links, offers, asks for something; the show's own things; and what is none of it.
_WORDS: dict[str, str] = {
    "brought": (
        r"(?:brought to|bring this to) (?:you|us|everyone|them)\b(?: all| today)*(?: in part)? by|"
        r"brought to you (?:\w+ ){0,4}by|sponsored (?:in part )?by|presented by|(?:made possible|"
        r"supported|underwritten|provided) (?:in part )?by|support for .{0,60}?(?:comes?|from)|"
        r"funding for|messages? comes? from"
    ),
    "sponsor": r"sponsors?|sponsoring|sponsored|sponsorship|an ad|ads?",
    "ours": (
        r"our (?:\w+ )?(?:sponsors?|partners?|friends|supporters?)|(?:this|today's|the|show|episode|"
        r"podcast|this week's) (?:\w+ )?(?:is |are )?(?:sponsors?|sponsored|brought|presented)|"
        r"friends (?:over )?at|sponsor(?:s|ing|ed)? (?:the|this|our|python|many|yet|us|an|"
        r"every)(?: \w+)? ?(?:show|podcast|episodes?|bytes|week)?|word from"
    ),
    "thanks": (
        r"thank(?:s|ed)?(?: you)?\b(?: \w+){0,8} (?:supporting|sponsoring|partnering|support)|(?:for|"
        r"been|are|big|huge) (?:supporting|sponsoring|supporters?)|support(?:s|ed|ing)? (?:the|this|"
        r"our|of this|of the|python|talk)\b|thank(?:s| you)(?: again)? to"
    ),
    "break": (
        r"quick break|short break|right back|be back|a (?:quick |short )?(?:word|message) (?:from|"
        r"about)|back to (?:the|our) (?:show|episode|conversation|interview)|welcome back|"
        r"after th(?:is|e break)|an? ad"
    ),
    "lead": (
        r"(?:tell|told|remind) (?:you|people|folks|everyone|them|listeners)(?: \w+){0,3} (?:about|"
        r"that)|want to (?:quickly |just |really |also |real )*(?:take|thank|mention|tell|highlight|"
        r"give|say|point|announce|share|let|talk)|let me (?:just )?(?:tell|mention|ask)|talk (?:real |"
        r"really )?quick(?:ly)? about|shout ?outs?|quick(?:ly)? (?:plug|announcement|word|note|"
        r"message)|excited to (?:announce|tell|share)|thrilled to"
    ),
    "before": (
        r"before (?:we|i|today's) (?:do|get|move|go|jump|dive|start|kick|begin|spring|tell|hop)\w*|"
        r"before (?:we do|that)|but first|now before"
    ),
    "slash": r"(?:com|fm|io|org|dev|net) slash|(?:com|fm|io|org|dev|net) \w+|slash \w+",
    "offer": (
        r"\d+ (?:percent )?off|percent off|half off|discount\w*|coupons?|(?:promo|offer|discount|"
        r"coupon|our|the|use|and|enter) codes?|free trial|day trial|for free|free (?:month|shipping|"
        r"tier|account|plan|gift|meals?|t ?shirt|credit)|credits?|no credit card|first (?:month|order|"
        r"purchase|box|year)|months? free|money back|limited time|sale|bundle|deals?|guarantee\w*|"
        r"early bird|preorder|cancel any ?time|terms apply"
    ),
    "free": r"free|dollars?|bucks|price\w*|pricing|plans? start\w*|affordable|cheap\w*|risk",
    "cta": (
        r"check (?:\w+ ){0,3}out|sign(?:ed)? up|get started|start (?:your|building|doing|monitoring|"
        r"a free|for free|today)|try (?:it|them|out|for free|\w+ (?:for free|today|free))|visit\w*|"
        r"head (?:on )?(?:over )?to|go (?:over )?to|jump over|learn more|find out more|"
        r"more (?:information )?at|download|book a demo|(?:use|using) (?:our|that|the) (?:link|code)|"
        r"click|give (?:it|them|\w+) a (?:try|look|shot)|grab|owe it to yourself|available (?:now|at)|"
        r"order|register"
    ),
    "today": r"today|right now|now",
    "notes": (
        r"show notes|share notes|podcast (?:player|app)|in the description|episode page|links? (?:is|"
        r"are|in|below)|the links?"
    ),
    "later": (
        r"(?:more|tell|hear|talk|listen)\b(?: \w+){0,9} later|later in the (?:show|episode)|"
        r"stay tuned|stick around"
    ),
    "social": (
        r"follow us|connect with us|reach (?:out to )?us|mastodon|fosstodon|bluesky|blue sky|twitter|"
        r"linkedin|instagram|facebook|socials?|youtube|discord|our chats?|hang out|join us"
    ),
    "subscribe": (
        r"subscrib\w+|newsletters?|mailing list|inbox|email list|weekly email|get notified|bell|"
        r"notification"
    ),
    "member": (
        r"patreon|patrons?|membership|members?|plus plus|donat\w+|listener supported|support (?:us|"
        r"our work|all of our work|what we do)|merch|t ?shirts?|stickers|store"
    ),
    "rate": (
        r"rat(?:e|ing)s?|reviews?|apple podcasts|itunes|spotify|wherever you (?:get|listen)|tell (?:a|"
        r"your) friends?|share (?:it|this|the (?:show|episode|podcast)) with|favou?rite podcast|"
        r"search for"
    ),
    "learn": (
        r"courses?|my (?:new )?book|our books?|books?|workshops?|webcasts?|webinars?|tickets?|"
        r"conferences?|meetup|training|live show|bootcamp"
    ),
    "own": (
        r"(?:our|my) (?:\w+ )?(?:newsletter|courses?|patreon|merch|store|community|slack|discord|"
        r"youtube|channel|membership|members|books?|website|site|podcast|show|listeners|talk|app|"
        r"company|work)|we (?:just |also |recently )?(?:launched|released|have a)|i (?:just |also |"
        r"recently )?(?:launched|released|built|wrote)|by us|us over at|yours truly|other (?:show|"
        r"podcast)s?|our other|new (?:course|show|podcast|book|app|episode)|our friends of the show|"
        r"friend of the show"
    ),
    "community": r"community|slack|forum|zulip",
    "listener": (
        r"listeners?|audience|if you're (?:listening|interested|a fan)|if you (?:enjoy|like|want|need|"
        r"love|haven't|work|have|sign|ship|use|or your)|listening|if you'd like"
    ),
    "greet": (
        r"hello and welcome|welcome to|i'm your host|this is your host|episode \d+|recorded|"
        r"my name is|thanks for (?:having|being|coming|joining)|great to (?:have|be)|bye|see you|"
        r"how are you|how you doing"
    ),
    "hiring": r"hiring|careers|job openings?|openings|reach out",
    "theysell": r"they(?:'re|'ve| have| offer| also| make| give| provide)?|their",
    "you": r"you|your|you're|you'll|you've|yourself",
    "we": r"we|our|us|we're|we've",
    "i": r"i|i'm|i've|my|me",
    "market": (
        r"eas(?:y|ily|ier|iest)|powerful|simple|simpl\w+|seamless\w*|effortless\w*|faster|love|"
        r"awesome|best|trusted|teams?|developers?|engineers|platform|features?|solutions?|integrat\w+|"
        r"automat\w+|customers?|companies|workflows?|apps?|production|service|insights?|monitoring|"
        r"business"
    ),
    "what_if": (
        r"what if you|imagine|have you ever|do you (?:want|know|have|worry|ever)|are you (?:building|"
        r"tired|looking|ready)|want to (?:level|go deeper|learn)|you know (?:that|what|how)|"
        r"here's (?:how|why|the thing|what)|that's (?:why|where)|no more|say goodbye|don't let|worry"
    ),
    "content": (r"think|thing|kind of|actually|really|because|mean|sort of|maybe|yeah|right|know|like|so"),
}
PATTERNS: dict[str, re.Pattern[str]] = {
    name: re.compile(rf"\b(?:{words})\b") for name, words in _WORDS.items()
}
PATTERNS["url"] = re.compile(rf"\b[\w']{{2,}} (?:dot )?{TLD}\b|\bdot (?:{TLD}|{LESS_SURE})\b")
NAMES = tuple(PATTERNS)
AT_MOST = 3


def plain(text: str) -> str:
    """The words alone, in lower case, with signs as they are spoken: published text and ASR look alike."""
    text = text.lower()
    for sign, word in _SPOKEN.items():
        text = text.replace(sign, word)
    text = _DOTTED.sub(r"\1 dot ", text)
    return " ".join(re.sub(r"[^\w\s']", " ", text).split())


def counts(texts: Sequence[str]) -> Floats:
    """How often each cue of NAMES stands in each plain text, (n, cues), at most AT_MOST."""
    rows = [[min(AT_MOST, len(p.findall(text))) for p in PATTERNS.values()] for text in texts]
    return np.array(rows, np.float32).reshape(len(texts), len(NAMES))
