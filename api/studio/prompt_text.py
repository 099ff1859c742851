"""Say of a prompt's text how long it is, how much of it every request shares, and what the model is sent for its sample."""

from __future__ import annotations

from pathlib import Path

from ...agents.prompt_files.file_format import PLACEHOLDER, Prompt, read_prompt
from .render import say
from .session import Language

CHARS_A_TOKEN, HAN_A_TOKEN = 4.0, 1.5
"""Characters that a token holds, about, in English and in Chinese."""


def prompt_in(name: str, body: str) -> Prompt | None:
    """Return the prompt in a text; None while it is not in order."""
    return read_prompt(Path(f"{name}.md"), body)[0]


def tokens_in(text: str) -> int:
    """Return about how many tokens a text has: exact counts need the model's own tokenizer, which answers report."""
    han = sum("\u3400" <= c <= "\u9fff" for c in text)
    return round(han / HAN_A_TOKEN + (len(text) - han) / CHARS_A_TOKEN)


def counted(name: str, body: str, language: Language) -> str:
    """Say how many tokens the prompt has, and which share of them the server's prefix cache can keep; empty while it is not in order."""
    prompt = prompt_in(name, body)
    if prompt is None:
        return ""
    first = PLACEHOLDER.search(prompt.user)
    shared = prompt.system + prompt.user[: first.start() if first else len(prompt.user)]
    whole = tokens_in(prompt.system + PLACEHOLDER.sub("", prompt.user))
    share = round(100 * tokens_in(shared) / max(1, whole))
    text = say(
        language, "About {n} tokens without what a request fills in; {share} % of them are shared by all and cached."
    )
    return text.format(n=whole, share=min(100, share))


def preview_of(name: str, body: str) -> str | None:
    """Return what the model is sent for the prompt's own sample; None while it is not in order."""
    prompt = prompt_in(name, body)
    if prompt is None:
        return None
    filled = PLACEHOLDER.sub(lambda m: prompt.sample.get(m[1], f"⟨{prompt.inputs.get(m[1], m[1])}⟩"), prompt.user)
    return f"system\n{prompt.system}\n\nuser\n{filled}"
