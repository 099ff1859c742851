"""List the words that the answer check treats specially: neutral prose, money, hype, history, commands."""

from __future__ import annotations

NEUTRAL = frozenset(
    """
    a about after again all also am among an and another any are around as at be because been being between both but by can
    close closely come comes could did do does down each either else especially even every few first for found from further
    gave get gets give given gives go goes going good great had has have having he her here hers him his how i if in
    include included includes including into is it its itself just kind later least less let like liked likely likes little
    lot made make makes making many match matched matches matching may me might more most much my near nearly need needs
    next nice now of off on one ones only or other others our out over own pair part per pick picked picks place please plus
    quite rather really relate related right same second see seem seems selection several she should show shown shows side
    similar similarly since so some something sort still style styled such suggest suggested suggestion suits suit sure take
    taste tastes than that the their them then there these they thing things think this those though through thus to
    together too toward under until up upon us use useful very via want wanted wants was way ways we well were what when
    where which while who whom whose will wish with within would yes you your yours
    ask asked asking appeal appeals aspect based bring brings call category choice choose chosen clear close complement
    complements connect connects consider contain contains could description describe described detail details echo echoes
    element elements enjoy enjoyed enjoys fan fans feature features featuring feel feels fit fits fitting focus focuses follow
    follows hear heard help helps idea ideal image interest interested interesting interests item items keep keeps know
    known lead leads line lines list listed look looked looking looks love loved loves mention mentioned mind mix mood note
    offer option options order perhaps photo photograph picture pictured pleasant present product range reason reflect
    reflects remind reminds request requested requests resemble resembles result results return said say says scene search
    searched seen set share shared shares simple speak spoke spoken start subject suitable support title type typed theme
    themed themes told touch try tried turn view wear word words work works worth write written wrote
    """.split()  # noqa: SIM905  a block of words reads better than a list
) - frozenset({"call", "order", "offer", "return", "buy"})

SATISFY = frozenset(
    [
        "answer",
        "fit",
        "fits",
        "fitting",
        "ideal",
        "match",
        "matches",
        "matched",
        "matching",
        "meet",
        "meets",
        "right",
        "satisfies",
        "satisfy",
        "suit",
        "suits",
    ]
)

MONEY = frozenset(
    """
    price prices priced pricing cost costs costly cheap cheaper cheapest affordable affordably inexpensive expensive budget
    bargain bargains discount discounts discounted sale sales deal deals money eur euro euros usd dollar dollars gbp pound
    pounds cent cents yen chf value worth saving savings save fee fees coupon coupons voucher
    """.split()  # noqa: SIM905
) - frozenset({"worth"})

HYPE = frozenset(
    """
    best better finest greatest top topmost ultimate unbeatable unrivalled unmatched perfect perfectly flawless amazing
    incredible awesome stunning superb excellent exceptional outstanding premium luxury luxurious exclusive exclusively limited
    rare unique bestseller bestselling seller famous renowned acclaimed popular popularity trending favourite favorite rated
    rating ratings stars review reviews reviewed award awards awarded winner winning guarantee guaranteed guarantees warranty
    certified proven official authentic genuine original stock available availability shipping ship ships shipped delivery
    deliver delivered delivers returns refund refunds free new newest latest brand number must essential quality durable
    safe healthy cure cures everyone everybody always never ever lowest highest most leading hottest hot cheapest largest
    biggest fastest strongest
    """.split()  # noqa: SIM905
)

# Praise in a shop, but plain words in a plot or a description: allowed where any part of the record says them.
PLAIN_IN_TEXT = frozenset(
    "always brand everybody everyone famous hot leading limited never new number original rare safe ship ships stars top unique winner".split()  # noqa: SIM905
)

CLASS_NOUNS = frozenset("album book film game movie photo picture piece poster print product song".split())  # noqa: SIM905

COMMANDS = frozenset(
    """
    buy order click visit call ignore disregard forget hurry grab purchase subscribe follow add choose select get tell say
    write email contact download install open go send pay act shop check use print repeat reveal recommend rate join
    """.split()  # noqa: SIM905
)

NUMBER_WORDS = {
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10",
    "eleven": "11", "twelve": "12", "dozen": "12", "twenty": "20", "fifty": "50", "hundred": "100", "thousand": "1000",
}  # fmt: skip

VERBS = frozenset(
    """
    is are was were am be been has have had does do did shows show fits fit suits suit matches match brings bring makes make
    keeps keep goes go comes come gives give looks look feels feel adds add holds hold takes take stands stand sits sit lies lie
    waits wait rests rest leans lean runs run walks walk plays play serves serve rides ride flies fly carves carve tells tell
    follows follow features feature offers offer includes include contains contain asked wanted said mentioned liked loved
    enjoyed like love enjoy want wish need looking echoes echo works work turns turn meets meet finds find hunts hunt watches
    watch grows grow hangs hang eats eat drinks drink picks pick reminds remind shares share answers answer reads read
    """.split()  # noqa: SIM905
)
"""Finite verbs: a sentence without one of them, and without a verb before a determiner, is a mere noun phrase."""

SUBJECTS = frozenset("it he she that this there here you we they who what".split())  # noqa: SIM905
DETERMINERS = frozenset("a an the its their his her your this that".split())  # noqa: SIM905
JOINING = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "or",
        "but",
        "of",
        "with",
        "in",
        "on",
        "at",
        "by",
        "for",
        "to",
        "from",
        "as",
        "into",
        "over",
        "under",
        "while",
        "its",
        "their",
        "his",
        "her",
        "your",
    ]
)
