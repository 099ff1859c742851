"""Let a language model describe a taste or an item in a few plain words; what is not plain and short is left out."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from ..core.errors import BadBackEndResponse
from ..core.protocols import ChatModel
from ..core.schemas import Item
from ..core.schemas.chat import ChatRequest, ChatUsage
from ..core.text.words import clause, plain_text, shorten
from .prompt_files.library import PromptLibrary, render
from .reranking.llm_ranker_prompts import line_of

MOST_WORDS = 8
WORD_CHARACTERS = 30
TITLES = 20
_PLAIN = re.compile(r"[^\W\d_]+(?:[ '’-][^\W\d_]+){0,2}")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "words": {
            "type": "array",
            "items": {"type": "string", "minLength": 2, "maxLength": WORD_CHARACTERS},
            "minItems": 1,
            "maxItems": MOST_WORDS,
        }
    },
    "required": ["words"],
    "additionalProperties": False,
}


class Describer:
    """Asks for words; ``model`` and the prompts' digests tell whether words that were kept are still current."""

    def __init__(self, chat: ChatModel, library: PromptLibrary, timeout_s: float) -> None:
        self._chat, self._library, self._timeout_s = chat, library, timeout_s

    @property
    def model(self) -> str:
        """Return the model that writes."""
        return self._chat.name

    def ref(self, name: str) -> str:
        """Return the prompt ``taste`` or ``keywords`` as ``name@version#digest``. Raises ConfigurationError."""
        return self._library.get(name).ref

    async def taste(self, titles: Sequence[str]) -> tuple[tuple[str, ...], ChatUsage]:
        """Return words for what somebody likes, from titles, newest first.

        Raises:
            BackEndError: no answer, or not one plain word.
        """
        shown = [shorten(plain_text(t), 70) for t in titles[:TITLES]]
        return await self._ask("taste", likes="\n".join(f"- {t}" for t in shown if t))

    async def keywords(self, item: Item) -> tuple[tuple[str, ...], ChatUsage]:
        """Return words for an item. Raises as ``taste``."""
        return await self._ask("keywords", item=f"{line_of(item)} {clause(plain_text(item.text), 200)}".strip())

    async def _ask(self, name: str, **inputs: str) -> tuple[tuple[str, ...], ChatUsage]:
        prompt = self._library.get(name)
        request = ChatRequest(
            messages=render(prompt, **inputs),
            json_schema=SCHEMA,
            max_tokens=prompt.config.max_tokens,
            temperature=prompt.config.temperature,
            timeout_s=self._timeout_s,
        )
        reply = await self._chat.complete(request)
        return read_words(reply.text), reply.usage


def read_words(text: str) -> tuple[str, ...]:
    """Return the plain, short words of an answer, in lower case, each once: letters only, at most three to an entry.

    Raises:
        BadBackEndResponse: there is none.
    """
    try:
        answer = json.loads(text)
        listed = answer["words"] if isinstance(answer, dict) else []
    except (ValueError, KeyError) as error:
        raise BadBackEndResponse("the model did not describe it in the agreed form", back_end="llm") from error
    entries = [" ".join(w.split()).lower() for w in listed if isinstance(w, str)] if isinstance(listed, list) else []
    kept = [w for w in entries if len(w) <= WORD_CHARACTERS and _PLAIN.fullmatch(w) and plain_text(w)]
    if not kept:
        raise BadBackEndResponse("the model found no plain word", back_end="llm")
    return tuple(dict.fromkeys(kept))[:MOST_WORDS]
