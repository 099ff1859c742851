"""What the acts of a turn sound like in English, German and Chinese: places in a list, pointing words, and what is asked of them."""

from __future__ import annotations

import re

_GERMAN = ("erst", "zweit", "dritt", "viert", "fünft", "sechst", "siebt", "acht", "neunt", "zehnt", "letzt")
_FORMS = (
    "first 1st 第一 第1",
    "second 2nd 第二 第2",
    "third 3rd 第三 第3",
    "fourth 4th 第四 第4",
    "fifth 5th 第五 第5",
    "sixth 6th 第六 第6",
    "seventh 7th 第七 第7",
    "eighth 8th 第八 第8",
    "ninth 9th 第九 第9",
    "tenth 10th 第十 第10",
    "last 最后一",
)
ORDINALS = {
    word: place
    for place, (forms, stem) in enumerate(zip(_FORMS, _GERMAN, strict=True))
    for word in (*forms.split(), *(f"{stem}e{ending}" for ending in ("", "r", "s", "n", "m")))
}
"""Word for a place in a list -> the place, from 0; ``LAST`` is the last."""
LAST = 10
POLITE = r"(?:please|pls|bitte|thanks|thank you|ok|okay|hm+|well|so|and|but|then|no|yes|oh|und|那|请|好的?)"
LEAD = rf"^(?:\W|{POLITE}\b)*"
TAIL = r"(?:\W|please|pls|bitte|now|then|again|吧|呢|一下)*$"
ORDINAL = "|".join(sorted(map(re.escape, ORDINALS), key=len, reverse=True))
PLACE = re.compile(
    rf"(?<![a-zäöü\d])(?:(?:the|der|die|das|den|dem)\s+)?(?P<ord>{ORDINAL})(?:\s*(?P<n>two|three|beiden|zwei|drei|两|三|2|3)(?![a-z])|个|款|件|部|张|\b)|(?:\bnumber|\bno\.|\bnr\.?|\bnummer|#|\bitem|\boption)\s*(?P<num>\d{{1,2}})\b"
)
DIGITS = re.compile(r"(?<![\w.])(\d{1,2})(?:st|nd|rd|th)?(?![\w.])|(?<=[和与跟第])(\d{1,2})")
ALL = re.compile(r"\b(?:these|those|them|they|all|both|diese[nr]?|alle|beiden?|davon)\b|这些|它们|都")
ONE = re.compile(
    r"\b(?:it|its|that|this|that one|this one|es|das|die|der|den|sie|er|diese[smnr]?)\b|(?:这|那)[个款件部张]|它"
)
_THERE = r"(?:der|die|das|den|dem)(?=\s+(?:auch|in|mit|für|noch|aus|von|nicht|schon|wirklich|\w+\W*$))"
"""A German article that points at what is shown, and has no noun: "die auch in Blau"."""
SUBJECT = (
    rf"(?:\x03+|it|its|that|this|they|these|those|them|both|es|sie|er|diese[srnm]?|beiden?|(?:the\s+|der\s+|die\s+|das\s+|den\s+|dem\s+)?(?:{ORDINAL})(?:\s+(?:two|three|beiden|zwei|drei|2|3)\b)?|{_THERE}|"
    r"(?:number|no\.|nr\.?|nummer|#|item|option)\s*\d)"
)

UNDO = re.compile(
    rf"{LEAD}(?:undo(?: (?:that|it|the last (?:one|step|change)))?|go back(?: (?:one step|a step))?|take (?:that|it) back|revert(?: that)?|(?:scrap|cancel|strike|scratch|forget) that(?: last one)?|"
    rf"(?:forget|scratch|ignore|cancel) (?:the|my) last (?:one|thing|step|request|message|sentence|change)(?: i said)?|"
    rf"(?:back to )?the (?:previous|earlier) (?:list|results|ones)|vergiss das(?: wieder)?|nimm das zurück|doch nicht|(?:mach(?:e|en sie)? (?:das|es) )?rückgängig(?: machen)?|(?:geh(?:e|en sie)? )?(?:einen schritt )?zurück|撤销|撤回|返回(?:上一步)?|上一步|退回去?|还是刚才的|取消刚才的?|算了不要了?|当我没说){TAIL}"
)
MORE = re.compile(
    rf"{LEAD}(?:(?:can|could|may) (?:you|i|we) )?(?:(?:show|give|get|see|have|find|let me see|i want|i'd like)\s+(?:me |us )?)?(?:(?:some|a few|the|any|one) )*"
    rf"(?:more(?: (?:options|results|ones|items|of (?:these|those|them)))?|others?|other ones|next(?: (?:one|ones|page|item))?|another(?: one)?|different ones|"
    rf"(?:something|anything) (?:else|different)|what else(?: (?:do you have|is there|have you got))?|keep going|go on|surprise me|weiter|überrasch(?:e|en sie)? mich|"
    rf"(?:(?:zeig(?:e|en sie)?|gib|geben sie)(?: mir| uns)? )?(?:bitte )?(?:noch )?(?:mehr|ein paar|weitere|andere|andres|anderes|was andere?s|etwas andere?s|eins?|(?:den|die|das) nächste[ns]?|nächste[ns]?)"
    rf"(?: (?:davon|artikel|vorschläge|ergebnisse|treffer|zeigen|anzeigen|sehen|weitere|andere))*|was (?:gibt es|gibt's|haben sie|hast du) (?:noch|sonst(?: noch)?)|"
    rf"还有(?:没有|吗|别的吗|别的|其他的吗|其他的|更多)*|更多|多来几个|下一[个批页款]|换一?[个批款]|换几个|随便(?:推荐)?|再来一?[个批些]|再来几个|继续|(?:看看)?别的){TAIL}"
)
SEEN = re.compile(
    rf"(?:\b(?:i|we)(?:'ve|ve| have| had)?(?: already| just)? (?:seen|saw|watched|read|bought|own|played|heard|tried)(?: already)?"
    rf"|\b(?:i|we)(?:'ve|ve)?(?: already (?:have|got)| (?:have|got) already)|(?:^|\balready )(?:seen|watched|read|bought|own)"
    rf"|\b(?:i|we) (?:have|got)(?= {SUBJECT}(?: \w+)? already)|\bich (?:habe?|kenne) (?:schon|bereits)|\b(?:habe?|kenne) ich (?:schon|bereits))"
    rf" {SUBJECT}(?: (?:one|ones|film|movie|book|two|three)\b)*(?: (?:already|before|too|as well))*"
    rf"|(?:\b{SUBJECT}\s+)?\b(?:hab(?:e)?|kenn(?:e)?) ich (?:schon|bereits)(?: (?:mal )?(?:gesehen|gekauft|gelesen|gehört))?"
    rf"|\bich (?:hab(?:e)?|kenn(?:e)?) {SUBJECT} (?:schon|bereits)(?: (?:mal )?(?:gesehen|gekauft|gelesen|gehört))?"
    r"|(?:这|那|第[一二三四五六七八九十])?[个款件部本]?(?:我|我们)?(?:都)?(?:已经)?(?:看|买|读|吃|喝|用|玩|听)过了?|我?已经有(?:这个)?了"
)
WHY = re.compile(
    rf"{LEAD}(?:why(?! not)|how come|what made you|for what reason|wieso|warum|为什么|为何|为啥|凭什么|怎么会?推荐)"
)
PRICE = re.compile(
    r"\bhow (?:much|expensive)\b(?! (?:does|do|is|are) [^?]*(?:weigh|hold))|\bwhat(?:'s| is|s| does| do| are)?\b[^?]*\b(?:price|prices|costs?)\b|\bprice of\b|\bwas kosten?t?\b|\bwie teuer\b|\bwie viel kosten?t?\b|\bpreis (?:von|vom|der|des)\b|"
    r"多少钱|什么价|几块钱|价格(?:是|怎么样|呢|多少)|怎么卖"
)
DIFFERENCE = re.compile(
    r"\bdifferences?\b|\bcompare\b|\bdiffer\b|\bversus\b|\bvs\b|\b(?:which|what)(?: one)?(?:'s| is) better\b|\bunterschied\w*\b|\bunterscheide\w*\b|\bwhat(?:'s| is| makes)\b[^?]*\bdifferent\b|\bwas ist\b[^?]*\banders\b|\bvergleich\w*\b|\bwelche[rs]? ist besser\b|区别|对比|比较一下|有什么不同|哪个更?好"
)
YES_NO = re.compile(
    rf"{LEAD}(?:does|do|is|are|has|have|can|was|were|did|will|would|hat|haben|ist|sind|gibt es|gibt's|gibts|passt|passen|kommt|geht|kann(?: man)?|läuft)\s+{SUBJECT}(?:\s+(?:one|ones|film|movie|two))?\s+(?P<about>.+)"
    rf"|{LEAD}(?:is|are) there (?P<inside>.+?) (?:at|in|on|with|for|near) {SUBJECT}(?: (?:one|ones|two))?{TAIL}"
    rf"|{LEAD}(?:do you have|have you got|can i (?:get|have)|could i (?:get|have)|do you sell) (?:the )?(?:{ORDINAL}|number \d)(?: (?:one|ones))? (?P<got>(?:in|with|for)\b.+)"
    rf"|{LEAD}(?:hast du|habt ihr|haben sie|führt ihr|führen sie|gibt es|gibt's) (?:der|die|das|den|dem) (?:{ORDINAL})(?: (?:auch|noch))? (?P<haben>(?:in|mit|ohne|für)\b.+)"
    rf"|{LEAD}(?:gibt es|gibt's|hat man) (?:bei|an|in|mit|beim|im) ?(?:der|dem|den)? ?(?:{ORDINAL}) (?P<dort>.+)"
)
WHAT = re.compile(
    rf"{LEAD}(?:in |on |by )?(?:what|which|who|how|when|where|welche\w*|wer|wie|wo(?:raus|her|von)?|wann|was)\b(?! (?:about|gibt|haben|hast|für)\b)"
)
OPEN = re.compile(rf"{WHAT.pattern}|什么|多少|谁|哪|几|多[长大重久]")
WISHES = re.compile(
    r"\b(?:like|similar|than|instead|want|need|looking|prefer|do you have|have you got|möchte|will|suche|brauche|lieber|stattdessen|hätte gern\w*|ähnlich\w*)\b|\b(?:geht|gibt es|gibt's|kommt)\b.{0,20}\b(?:auch|noch)\s+(?:etwas\s+|ein bisschen\s+)?[^\W\d]+er\b|类似|一样|想要|有没有|随便|无所谓|都(?:可以|行|好)"
)
CONCEPTS = (
    (re.compile(r"\bwho(?:'s| is| are| plays| stars| acts| appears)\b[^?]*\bin\b|\bwho stars\b|谁演|有谁"), ("cast",)),
    (re.compile(r"\bwho (?:directed|made|shot|filmed)\b|谁导"), ("director", "brand")),
    (re.compile(r"\bwho (?:wrote|is it by)\b|谁写"), ("author", "director", "artist")),
    (re.compile(r"\bwho (?:makes|produces|sells)\b|\bwhich company\b|哪家|什么牌子"), ("brand",)),
    (re.compile(r"\bwho (?:sings|plays)\b|谁唱"), ("artist",)),
    (re.compile(r"\bwhere\b|哪里|哪儿|哪国"), ("country",)),
    (re.compile(r"\bwhen\b|哪年|哪一年|什么时候"), ("year",)),
)
"""Questions that name no field, and the concepts that may answer them."""
ZH_ASKS = re.compile(r"(?:吗|么|没有)\s*[？?]?\s*$|什么|多少|多长|多大|多重|哪里|谁|几[个分克元]")
OF_THESE = re.compile(
    rf"\b(?:of|among|from|out of|between|von|unter) (?:these|those|them|all of them|the ones shown|diesen|denen)\b|\bdavon\b|其中|这些(?:里面?|当中|中)?|{LEAD}which (?:one )?(?:of \w+ )?(?:is|has)\b|哪一?个最"
)
DESCRIBED = re.compile(
    rf"{LEAD}(?:that|this|it|these|those)(?:'s| is|'re| are)?(?:n't| not| no)(?: really)?(?: an?| the| in)? (?P<about>.+)|{LEAD}(?:das|die|der|es)(?: hier)? (?:ist|sind) (?:aber |doch |ja )?(?:nicht|kein\w*) (?P<de>.+)|^(?:这|那)个?不是(?P<zh>.+)"
)
THAT_FIELD = re.compile(
    r"(?P<other>\b(?:(?:not|no more(?: of)?|without|except|anything but|don't (?:like|want)|do not (?:like|want)|other than|nicht)\s+(?:that|this|the same|diese\w*)|"
    r"(?:a |any |some )?(?:different|another|other|andere\w*))|换一?个|不要(?:这个|那个|同一个)|别的)\s*(?P<name>[\w-]+(?: [\w-]+)?)"
    r"|(?P<same>\b(?:the )?same|\bgleiche\w*|同一个|同样的)\s*(?P<name2>[\w-]+(?: [\w-]+)?)"
)

TAKES = re.compile(
    rf"{LEAD}(?:(?:i'll|i will|we'll|we will|let's|i'd like to|i want to|can i) (?:just )?(?:take|have|buy|get|order|go (?:with|for))|(?:i(?:'m| am) taking)|"
    rf"(?:ich|wir) (?:nehmen?|kaufen?|bestellen?|möchten?)|(?:我)?(?:就|我)(?:要|买|选|拿)) ?{SUBJECT}(?: (?:one|ones|two))?(?:[个款件部张])?(?:了|吧|了吧)?{TAIL}"
)
