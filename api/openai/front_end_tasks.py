"""Answer what chat front ends ask for themselves (a title, tags, follow-up questions), so that no shop is searched for it.

Known by the forms of Open WebUI's task prompts (`### Task:` with a `<chat_history>`) and of LibreChat's titles.
"""

from __future__ import annotations

import json
import re

TITLE_WORDS = 6
TITLE_CHARS = 40
_HISTORY = re.compile(r"<chat_history>(.*?)(?:</chat_history>|\Z)", re.DOTALL | re.IGNORECASE)
_FIRST_SAID = re.compile(r"^\s*(?:user|human|### user)\s*:\s*(.+)$", re.IGNORECASE | re.MULTILINE)
_TITLE_FORMS = (
    r"concise, 5-word-or-less title for the conversation",
    r"concise title \(max 40 characters\) for a conversation",
    r"analyze this conversation and provide:.*concise title in the detected language",
)
_EMPTY: tuple[tuple[str, str | list[str]], ...] = (
    ("follow_ups", []),
    ("queries", []),
    ("tags", ["Shopping"]),
    ("text", ""),
    ("prompt", ""),
)


def task_answer(text: str, earlier: tuple[str, ...]) -> str | None:
    """Return the answer to a front end's own request, or None for what a person says.

    Args:
        text: the last turn.
        earlier: what the person said before.
    """
    history = _HISTORY.search(text)
    if history and "### task:" in text.lower():
        return _open_webui(text[: history.start()] + text[history.end() :], history[1])
    if any(re.search(form, text, re.IGNORECASE | re.DOTALL) for form in _TITLE_FORMS):
        said = _FIRST_SAID.search(text)
        return _title(said[1] if said else next(iter(earlier), ""))
    return None


def _open_webui(instructions: str, history: str) -> str:
    wanted = set(re.findall(r'"(title|follow_ups|queries|tags|text|prompt)"\s*:', instructions))
    if "title" in wanted:
        said = _FIRST_SAID.search(history)
        return json.dumps({"title": _title(said[1] if said else "")}, ensure_ascii=False)
    for name, empty in _EMPTY:
        if name in wanted:
            return json.dumps({name: empty})
    return "🛍️" if "emoji" in instructions.lower() else ""


def _title(said: str) -> str:
    words = re.sub(r"[\s\"“”`*#]+", " ", said).strip().split(" ")
    title = " ".join(words[:TITLE_WORDS])[:TITLE_CHARS].strip(" ,.;:")
    return title[:1].upper() + title[1:] if title else "Recommendations"
