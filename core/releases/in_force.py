"""Hold, while one request is answered, what was released for it: name -> what its version became.

Prompts are handed on with the request's library. Phrases, weights and rules are asked for deep inside functions that know no
request, so they are found here; where nothing is set, what ships is in force.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

WEIGHTS = "source_weights"
RULES = "rules"
IN_FORCE: ContextVar[Mapping[str, Any]] = ContextVar("releases", default=MappingProxyType({}))
"""What was released for the request that this task answers; ``graphs/run.py`` sets it."""


def in_force(name: str) -> Any:
    """Return what was released under a name for this request; None where what ships is in force."""
    return IN_FORCE.get().get(name)


def wording_name(language: str) -> str:
    """Return the name under which the phrases of a language are released."""
    return f"wording_{language}"
