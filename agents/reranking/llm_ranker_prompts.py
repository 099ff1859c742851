"""Ask a language model to sort a list, to score its items, or to propose others: prompt, answer schema, and reading."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.errors import BadBackEndResponse
from ...core.learning.interactions import Floats
from ...core.learning.llm_task import RankTask
from ...core.schemas import Item
from ...core.text.words import plain_text, shorten, value_text
from ..prompt_files.library import Prompt, harmless, render

TITLE_CHARACTERS = 70
DETAIL_CHARACTERS = 40
WISH_CHARACTERS = 160
PROPOSALS = 5
PROPOSAL_CHARACTERS = 70
PICKS = 10
NOTHING = "nothing known"
ANYTHING = "nothing in particular"
_ITEM = "\x00item\x00"


def line_of(item: Item) -> str:
    """Return an item in one line: its title and, if it has one, its first list or word."""
    lists = [v for v in item.attributes.values() if isinstance(v, list) and v]
    words = [v for v in item.attributes.values() if isinstance(v, str) and v]
    detail = value_text((lists or words)[0]) if lists or words else ""
    title = shorten(plain_text(item.title), TITLE_CHARACTERS) or "an item"
    return f"{title} ({shorten(plain_text(detail), DETAIL_CHARACTERS)})" if detail else title


def known_of(task: RankTask, most: int, separator: str) -> dict[str, str]:
    """Return the inputs that say who asks for what."""
    titles = [shorten(plain_text(t), TITLE_CHARACTERS) for t in task.likes[:most]]
    return {
        "likes": separator.join(titles) if titles else NOTHING,
        "request": shorten(task.wish, WISH_CHARACTERS) or ANYTHING,
    }


def ranking_inputs(task: RankTask, order: Sequence[int], most: int) -> dict[str, str]:
    """Return the inputs of the prompt ``rank``: the items numbered from 1 in ``order``."""
    lines = [f"{number}. {line_of(task.items[i])}" for number, i in enumerate(order, 1)]
    known = known_of(task, most, "\n- ")
    return {"likes": f"- {known['likes']}", "request": known["request"], "items": "\n".join(lines)}


def ranking_schema(n: int) -> dict[str, Any]:
    """Return the schema of a ranking: the first places, each holding the number of a candidate and nothing else."""
    numbers = {"type": "string", "enum": [str(i) for i in range(1, n + 1)]}
    places = {str(i): numbers for i in range(1, min(n, PICKS) + 1)}
    return {"type": "object", "properties": places, "required": list(places), "additionalProperties": False}


def read_ranking(text: str, order: Sequence[int]) -> Floats:
    """Return scores by item, shape (m,), from a ranking of the items numbered in ``order``; those not named share the end.

    A number named twice counts where it stands first.

    Raises:
        BadBackEndResponse: no candidate is named.
    """
    answer = _object(text)
    named: list[int] = []
    for place in range(1, len(order) + 1):
        number = str(answer.get(str(place), ""))
        if number.isdigit() and 1 <= int(number) <= len(order) and (row := int(order[int(number) - 1])) not in named:
            named.append(row)
    if not named:
        raise BadBackEndResponse("the model named no candidate", back_end="llm")
    scores = np.full(len(order), -float(len(order)), dtype=np.float32)
    scores[named] = -np.arange(len(named), dtype=np.float32)
    return scores


def scoring_prompt(prompt: Prompt, task: RankTask, most: int, *, stranger: bool = False) -> tuple[str, str]:
    """Return what stands before and after each item; ``stranger``: as if nothing were known, to tell what is only popular.

    Raises:
        BadBackEndResponse: the prompt does not hold the item once.
    """
    known = {"likes": NOTHING, "request": ANYTHING} if stranger else known_of(task, most, "; ")
    messages = render(prompt, **known, item=_ITEM)
    head, mark, tail = "\n\n".join(m.content for m in messages).partition(_ITEM)
    if not mark or _ITEM in tail:
        raise BadBackEndResponse(f"prompt {prompt.ref} must hold {{{{ item }}}} once", back_end="llm")
    return head.rstrip(" "), tail


def scored_text(item: Item, tail: str) -> str:
    """Return what follows the shared part for ``item``; the space is the item's, as tokens begin with theirs."""
    return f" {harmless(line_of(item))}{tail}"


def proposing_inputs(task: RankTask, most: int) -> dict[str, str]:
    """Return the inputs of the prompt ``propose``; nothing stands for a request that is not there, as a small model repeats it."""
    wish = shorten(task.wish, WISH_CHARACTERS)
    likes = known_of(task, most, "\n- ")["likes"]
    return {"likes": f"- {likes}", "request": f"asks for: {wish}" if wish else ""}


def proposal_schema() -> dict[str, Any]:
    """Return the schema of the proposals."""
    text = {"type": "string", "minLength": 3, "maxLength": PROPOSAL_CHARACTERS}
    members = {str(i): text for i in range(1, PROPOSALS + 1)}
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


def read_proposals(text: str) -> list[str]:
    """Return the proposals, each once.

    Raises:
        BadBackEndResponse: there is none.
    """
    found = [shorten(plain_text(v), PROPOSAL_CHARACTERS) for v in _object(text).values() if isinstance(v, str)]
    kept = [v for v in dict.fromkeys(found) if v.strip()][:PROPOSALS]
    if not kept:
        raise BadBackEndResponse("the model proposed nothing", back_end="llm")
    return kept


def _object(text: str) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError as error:
        raise BadBackEndResponse("the model's answer is not in the agreed form", back_end="llm") from error
    if not isinstance(answer, dict):
        raise BadBackEndResponse("the model's answer is not in the agreed form", back_end="llm")
    return answer
