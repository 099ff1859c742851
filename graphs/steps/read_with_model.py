"""Let the language model read the request beside the first search, and settle where it differs from the grammar.

Items were sent by the grammar's reading; only if the settled one differs are they looked for and sent again.
"""

from __future__ import annotations

from ...agents.understanding.by_model_checks import check
from ...agents.understanding.by_model_request import ModelAnswer, ask_to_read
from ...agents.understanding.by_model_rules import measured_rules, settled
from ...core.language.catalogue_language import CatalogueLanguage
from ...core.schemas import Understanding
from ..turn.state import ModelRead, Settled, State
from ..turn.turn import Turn, timed
from .understand import shown

SHARE = 0.4
"""Share of the remaining budget that the model's reading may take; the rest is for the second search and the words."""
READ_ACTS = frozenset(("ask", "refine"))


def reads_with_model(state: State) -> bool:
    """Tell whether this turn is one for the model to read, where it reads at all: it asks for items in words."""
    asks = state.act.name in READ_ACTS and bool(state.act.rest.strip())
    return asks and bool(state.schema.fields)


@timed
async def read_with_model(state: State, turn: Turn) -> ModelRead:
    """Ask the model for its reading and check it; where none comes in time, say so: the grammar's stands."""
    language = state.catalogue_language
    limit = min(turn.services.settings.timeouts.understand_s, turn.remaining() * SHARE)
    answer = await turn.attempt("reading", _asked(state.act.rest, language, limit, turn), limit + 1, None)
    if answer is None:
        return {"model_checks": None}
    turn.usage.append(answer.usage)
    turn.prompts.extend([answer.prompt] if answer.prompt else [])
    if answer.problem:
        turn.degrade("reading", f"{answer.problem}; read by the grammar alone")
        return {"model_checks": None}
    return {"model_checks": check(answer, state.act.rest, language)}


async def _asked(text: str, language: CatalogueLanguage, limit: float, turn: Turn) -> ModelAnswer:
    """Return the model's reading; where it breaks the form with a version on trial, the prompt in production is asked with."""
    answer = await ask_to_read(turn.services.chat, turn.library, text, language, timeout_s=limit)
    stand_in = turn.stand_in("read")
    turn.note_served("read", broke=answer.broke)
    if not answer.broke or stand_in is None:
        return answer
    turn.usage.append(answer.usage)
    return await ask_to_read(turn.services.chat, stand_in, text, language, timeout_s=limit)


@timed
async def settle_reading(state: State, turn: Turn) -> Settled:
    """Settle the two readings by the measured rules and say which one is in force."""
    checks = state.model_checks
    if checks is None:
        return {"understanding": without_answer(state.understanding), "settled": "same"}
    before = state.understanding
    understanding = settled(before, checks, state.memory, measured_rules())
    same = understanding.constraints == before.constraints and understanding.reading.order == before.reading.order
    if not same:
        turn.emit("reading", shown(understanding))
    return {"understanding": understanding, "settled": "same" if same else "changed"}


def without_answer(understanding: Understanding) -> Understanding:
    """Return the understanding with the reason why the grammar read alone."""
    why = "The language model gave no reading in time."
    return understanding.model_copy(update={"reading": understanding.reading.model_copy(update={"read_why": why})})
