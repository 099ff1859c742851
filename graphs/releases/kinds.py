"""Say of everything that can be released what ships, how a text of it is checked, and what it becomes when it serves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ...agents.explaining import wording as phrases
from ...agents.explaining.wording import Wording, shipped_wording
from ...agents.explaining.wording_check import wording_problems
from ...agents.prompt_files.file_format import Prompt, read_prompt
from ...agents.prompt_files.library import PromptLibrary
from ...core.errors import ConfigurationError, InvalidRequestError
from ...core.ranking.weights_as_toml import Weights, read_weights, shipped_weights
from ...core.releases.in_force import RULES, WEIGHTS, wording_name
from ...core.rules.model import RuleSet
from ...core.schemas import Language
from ...core.schemas.releases import MAX_BODY, Kind, Version
from ...core.settings import Settings
from ...stores.rules import rules_in

T = TypeVar("T")
LANGUAGES: Mapping[str, Language] = {wording_name("en"): "en", wording_name("de"): "de", wording_name("zh"): "zh"}
_NAMES: Mapping[Language, str] = {"en": "English", "de": "German", "zh": "Chinese"}
_NO_RULES = "# The shop's rules: see docs/rules.md. While no version is released, those of the shop's own file act.\nrules: []\n"


@dataclass(frozen=True)
class Shelf:
    """One thing that can be released: what ships, where that stands, and how a text is read."""

    name: str
    kind: Kind
    description: str
    shipped: Callable[[], str]
    problems: Callable[[str], list[str]]
    made: Callable[[str], Any]
    path: str = ""


class Shelves:
    """Everything that can be released by a deployment; the prompts are those of its folder."""

    def __init__(self, settings: Settings) -> None:
        folder = Path(settings.prompts.dir) if settings.prompts.dir else None
        self._library = PromptLibrary(folder, settings.prompts.live)

    def names(self) -> tuple[str, ...]:
        """Return the names: prompts first."""
        return (*self._library.names(), *LANGUAGES, WEIGHTS, RULES)

    def of(self, name: str) -> Shelf:
        """Return what is known of a name.

        Raises:
            InvalidRequestError: there is no such thing.
        """
        if name in LANGUAGES:
            return _phrases(name)
        if name == WEIGHTS:
            about = "How much each source of candidates counts."
            return Shelf(name, "source_weights", about, shipped_weights, lambda t: read_weights(t)[1], _weights)
        if name == RULES:
            return Shelf(name, "rules", "What is shown, hidden or moved.", lambda: _NO_RULES, _rule_problems, _rules)
        if name in self._library.names():
            return self._prompt(name)
        raise InvalidRequestError("name", f"there is no {name!r} to release; there are: {', '.join(self.names())}")

    def shipped(self, name: str) -> Version:
        """Return version 0 of a name. Raises as ``of``."""
        shelf = self.of(name)
        body = shelf.shipped()
        return Version(
            name=name,
            kind=shelf.kind,
            number=0,
            author="shipped",
            message="as it ships",
            digest=digest_of(body),
            body=body,
        )

    def problems(self, name: str, body: str) -> list[str]:
        """Return what is wrong with a text, in plain words; raises as ``of``."""
        shelf = self.of(name)
        if len(body) > MAX_BODY:
            return [f"the text has {len(body)} characters, and at most {MAX_BODY} are allowed"]
        return shelf.problems(body)

    def _prompt(self, name: str) -> Shelf:
        def shipped() -> str:
            file = self._library.get(name).file
            return (self._library.folder / file).read_text(encoding="utf-8")

        about = ""
        try:
            prompt = self._library.get(name)
            about, path = prompt.description, f"prompts/{prompt.file}"
        except ConfigurationError:
            path = f"prompts/{name}.md"
        file = Path(f"{name}.md")
        return Shelf(
            name, "prompt", about, shipped, lambda t: read_prompt(file, t)[1], lambda t: _prompt(file, t), path
        )


def digest_of(body: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(body.encode()).hexdigest()


def _phrases(name: str) -> Shelf:
    language = LANGUAGES[name]
    shipped = shipped_wording(language)
    about = f"The words of reasons, opening lines, questions and answers, {_NAMES[language]}."
    return Shelf(
        name,
        "phrases",
        about,
        lambda: shipped,
        lambda text: wording_problems(text, shipped),
        lambda text: Wording.read(language, text),
        f"agents/explaining/{Path(phrases.__file__).with_name(f'{name}.toml').name}",
    )


def _prompt(file: Path, text: str) -> Prompt:
    prompt, problems = read_prompt(file, text)
    return _in_order(prompt, problems)


def _weights(text: str) -> Weights:
    weights, problems = read_weights(text)
    return _in_order(weights, problems)


def _rules(text: str) -> RuleSet:
    rules, problems = rules_in(text)
    return _in_order(rules, problems)


def _rule_problems(text: str) -> list[str]:
    return rules_in(text)[1]


def _in_order(value: T | None, problems: list[str]) -> T:
    if value is None:
        raise ConfigurationError("; ".join(problems))
    return value
