"""Recognise what a turn does: start over, ask again, compare, plan, go on with the turn before."""

from __future__ import annotations

import re

from ..numbers_and_money import normalise
from ..utterance import WINDOW, Utterance

_RESET = re.compile(
    r"(?:\b(?:start(?:ing)? (?:over|again|afresh|from scratch)|reset(?: (?:everything|all|it all))?|new search|clear (?:everything|all(?: filters)?|the filters)|"
    r"forget (?:(?:everything|all)(?: (?:that )?i(?:'ve| have)? (?:said|told you|asked for))?|all of (?:that|it|this)|all that|it all|what i said)|from scratch|vergiss alles(?:,? was ich gesagt habe)?|alles (?:zurücksetzen|löschen|vergessen)|(?:noch ?mal )?(?:ganz )?von vorne(?: anfangen)?|neu anfangen|fangen wir (?:noch ?mal )?neu an|recommencer)\b|重新(?:开始|来|找)|(?:全部)?清空|都不算|全部重来|从头(?:开始|来)|重来)"
)
_AGAIN = re.compile(
    r"\b(?:again|once more|re-?watch(?:ing)?|re-?read|re-?play|i(?:'ve| have)? already (?:have|own|owned|saw|seen|watched|read|bought|rated)|noch ?mal|encore une fois)\b|再看一?遍|再看|再来一遍|看过的也可以|买过的也可以"
)
_NOT_AGAIN = re.compile(
    r"\b(?:nothing|not|no|none|never|don't|haven't|without|except|exclude|anything but|other than|skip)\b[^.!?]*$"
)
_COMPARE = re.compile(
    r"\b(?:compare|comparison|versus|vs\.?|difference between|which (?:one )?is better|\bis [^.!?]{1,60} better than|pros and cons)\b|对比|比较(?!喜欢)|哪[个件款部](?:更|比较)?(?:好|合适|值)"
)
_PLAN = re.compile(
    r"\b(?:plan|(?:an|the|our|my|whole) evening(?! (?:dress|gown|bag|shoes?|wear|in|at|on))|itinerary|outfit|complete the look|bundle|a set of|combination|marathon|wardrobe|goes? (?:well )?with|matching|double feature|gallery wall|in total|altogether)\b|搭配|安排|一套|一整套|配一身"
)
_SIMILAR = re.compile(
    r"(?<!would )(?<!'d )(?<!i )\b(?:(?:more |something |anything |one |ones )?(?:like|similar to|resembling)(?: (?:this|that|these|those|it|the (?:photo|picture|image)|(?:in )?my (?:photo|picture))(?: (?:one|photo|picture|image))?)?(?=\s*(?:$|[,.!?;\x02]|\b(?:but|and|under|only|in|with|for|please)\b))|"
    r"same (?:style|kind|type|sort)|in this style|similar(?: ones| items)?(?! to )|lookalikes?)|(?:像|类似|跟|和)这(?:个|样|张|幅)?(?:照片|图片|图)?(?:类似|相似|差不多|一样)?的?"
)
_LIKE_NAMED = re.compile(
    r"\b(?:something|anything|more|movies?|films?|books?|games?|one) (?:like|similar to|along the lines of) \w"
)
_OPENING = (
    r"^\W*(?:(?:what about|how about|show me|i want|i'd like|can you|could you|please|make it|ok(?:ay)?|yes|no|hmm|well|great|nice|"
    r"something|anything|ones?|some)\b[\s,]*)*"
)
_CONTINUES = re.compile(
    rf"{_OPENING}(?:with|but|and|also|only|just|in|make|rather|instead|without|more|less|plus|or|not|preferably|ideally|nur|aber|mit|avec|mais|"
    r"for|from|set|where|that|which|featuring|starring|during|slightly|a (?:bit|little)|much|even|too|\w{2,}ier|darker|brighter|smaller|"
    r"bigger|larger|older|newer|warmer|calmer|quieter|shorter|longer|simpler|softer|bolder|lighter)\b|^\W*(?:about|by|on|at|near|under|over|around)\b|"
    r"^\W*(?:要|但|而且|再|还要|也要|改[成为]|换[成为]|只要|最好|不过|不一定|不必)|(?:也可以|也行)\W*$|\binstead\W*$|"
    r"\b(?:it|they|he|she) (?:should|must|has to|have to|needs? to|ought to|shouldn't|mustn't)\b|\b(?:es|sie|er) (?:soll|sollte|muss|müsste|darf)\b|"
    r"(?:但是?|不过|还|也)(?:要|得|必须)"
)
_ADDS = re.compile(
    r"\b(?:also|too(?=\W*(?:$|[,.!?;]))|as well|additionally|plus|both|on top|auch|aussi)\b|^\W*(?:and|or|und|oder)\b(?!\s+(?:maybe |vielleicht |doch )?(?:rather|better|lieber|besser|eher)\b)|也|加上|再加|^\W*或"
)

_HAS = re.compile(
    r"(?:\b(?:with|have|has|having|including|contain(?:s|ing)?|mit|hat|haben|habe|inklusive)\b|[带有含配])\W*(?:[^\W\d]+\W+){0,3}$"
)
"""What says, before a value, that something has it."""
_CHANGES = re.compile(
    r"^\W*(?:no|nope|nein|nee|nicht|不|不是|不对|不要)\b|\b(?:instead|rather|actually|after all|lieber|statt\w*|sondern|better)\b|^\W*(?:不|换|改|还是)|换成|改成|而是"
)
_CORRECTS = re.compile(
    r"\b(?:i(?:'d)? meant|what i meant|i was (?:talking|thinking) about|ich meinte|gemeint war|(?:habe|hatte|hab) ich gemeint|ich wollte (?:eigentlich )?sagen)\b|我的意思是|我是说|我说的是|我指的是"
)

_REMINDERS = re.compile(
    r"\b(?:(?:did|have|had)(?: not|n't) (?:i|we) (?:just |already |clearly |explicitly )*(?:say|said|tell you|told you|mention|mentioned|ask for|asked for)|"
    r"(?:did|have|had) (?:i|we) not (?:just |already |clearly )*(?:say|said|tell you|told you|mention|mentioned)|(?:as |like )?(?:i|we)(?:'ve| have)? (?:just |already |clearly |did )*(?:said|say|told you|tell you)(?=[\s,:;])(?: that\b)?|i thought i (?:said|told you|had said)|"
    r"hab(?:e|en)? (?:ich|wir) (?:nicht |doch |schon |bereits |dir |ihnen )*gesagt|(?:sagte|sagten) (?:ich|wir) (?:nicht |doch |schon |bereits )*|wie (?:schon |bereits )?gesagt|"
    r"(?:ich|wir) (?:hab(?:e|en)?|hatten?) (?:doch |schon |bereits |ja |dir |ihnen |eben |gerade )*gesagt|(?:ich|wir) sagten? (?:doch |ja |schon |bereits |eben |gerade )*)(?=\W|$)(?:,? dass\b)?"
    r"|(?:我)?(?:不是|不是已经|都|已经|刚才|刚刚|早就)(?:跟你|和你|告诉你)?说(?:过|了|过了)|我(?:刚才|刚刚)?说(?:过了?|了)|说过了"
)
"""What reminds of something said before, so that what follows is said again: "didn't I say no soy?" is no soy."""


def starts_over(text: str) -> bool:
    """Tell whether a text asks to start over."""
    return bool(_RESET.search(text.lower()))


def take_reset(u: Utterance) -> bool:
    """Take "start over" out of ``u`` and tell whether it was there."""
    return _take(u, _RESET)


def take_again(u: Utterance) -> bool:
    """Take "again" or "that I already have" out of ``u``; refused ones ("nothing I already have") do not count."""
    match = _AGAIN.search(u.low)
    if not match:
        return False
    start, _ = u.clause(match.start())
    refused = bool(_NOT_AGAIN.search(u.low[start : match.start()]))
    u.take(match.start(), match.end())
    return not refused


def asks_to_compare(text: str) -> bool:
    """Tell whether a normalised text asks to compare."""
    return bool(_COMPARE.search(text))


def asks_to_plan(text: str) -> bool:
    """Tell whether a normalised text asks for several things that belong together."""
    return bool(_PLAN.search(text))


def take_similar(u: Utterance) -> bool:
    """Take "like this" out of ``u``; tell whether it asks for similar items (also "like NAME", which stays)."""
    named = bool(_LIKE_NAMED.search(u.low))
    return _take(u, _SIMILAR) or named


def continues(text: str) -> bool:
    """Tell whether a normalised turn reads as an addition to the one before ("but with a beach")."""
    return bool(_CONTINUES.search(text))


def adds(text: str) -> bool:
    """Tell whether a normalised turn adds to the values asked before rather than replacing them."""
    return bool(_ADDS.search(text))


def without_reminders(text: str) -> str:
    """Return a text without "as I said" and "didn't I say", whose "not" refuses nothing, and without the mark of their question."""
    plain = normalise(text)
    found = list(_REMINDERS.finditer(plain))
    for match in found:
        text = text[: match.start()] + " " * (match.end() - match.start()) + text[match.end() :]
    return re.sub(r"[吗么]?\s*[?？]\s*$|吗\s*$", "", text).strip(" ,:，：") if found else text


def says_has(before: str) -> bool:
    """Tell whether the words before a value say that something has it: "but with breakfast"."""
    return bool(_HAS.search(before[-WINDOW:]))


def changes(text: str) -> bool:
    """Tell whether a normalised turn puts something in the place of what was asked before: "no, with rice", "lieber mit Reis"."""
    return bool(_CHANGES.search(text))


def corrects(text: str) -> bool:
    """Tell whether a normalised turn says what the one before it should have meant."""
    return bool(_CORRECTS.search(text))


def _take(u: Utterance, pattern: re.Pattern[str]) -> bool:
    matches = list(pattern.finditer(u.low))
    for match in matches:
        u.take(match.start(), match.end())
    return bool(matches)
