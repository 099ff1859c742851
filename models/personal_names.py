"""Find the names of people in what was said, so that they need not be kept: Presidio over spaCy's models, one for each language.

Presidio: Microsoft, MIT licence. A small model marks brands and authors as well; whoever asks spares what the catalogue itself holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.errors import BackEndUnavailable, ConfigurationError
from ..core.text.chinese import is_chinese

CHINESE = "zh"
PERSON = "PERSON"


class PersonalNames:
    """Finds names by the models of all languages that a text's script allows. Implements ``protocols.FindsNames``.

    Args:
        models: spaCy's model by language, as a package's name or a folder, such as ``{"en": "en_core_web_sm"}``.

    Raises:
        ConfigurationError: the extra or a model is not installed; nothing is ever downloaded.
    """

    def __init__(self, models: Mapping[str, str]) -> None:
        try:
            from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
            from presidio_analyzer.nlp_engine import NlpEngineProvider
            from presidio_analyzer.predefined_recognizers import SpacyRecognizer
            from spacy.util import is_package
        except ImportError as error:
            raise ConfigurationError(
                "privacy.name_models needs the extra: pip install 'tastemaker[privacy]'"
            ) from error
        for language, model in models.items():
            if not (is_package(model) or Path(model).is_dir()):
                why = f"privacy.name_models.{language}: spaCy has no model {model!r} here; install it with pip, or name its folder"
                raise ConfigurationError(why)
        known = [{"lang_code": language, "model_name": model} for language, model in models.items()]
        engine = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": known}).create_engine()
        each = [SpacyRecognizer(supported_language=language, supported_entities=[PERSON]) for language in models]
        registry = RecognizerRegistry(recognizers=each, supported_languages=list(models))
        self._languages = tuple(models)
        self._analyzer: Any = AnalyzerEngine(
            registry=registry, nlp_engine=engine, supported_languages=list(models), log_decision_process=False
        )

    def names(self, text: str) -> Sequence[str]:
        """Return what looks like the name of a person, in the order of the text, each once.

        Raises:
            BackEndUnavailable: there is no model for the text's script.
        """
        fit = [language for language in self._languages if (language == CHINESE) == is_chinese(text)]
        if not fit:
            what = "Chinese" if is_chinese(text) else "other languages than Chinese"
            raise BackEndUnavailable(f"privacy.name_models has no model for {what}", back_end="names")
        found = [r for language in fit for r in self._analyzer.analyze(text, language=language, entities=[PERSON])]
        return list(dict.fromkeys(text[r.start : r.end] for r in sorted(found, key=lambda r: r.start)))
