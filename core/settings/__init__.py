"""Every setting: ``sections.py`` says what there is, ``loading.py`` how it is read. All names can be imported from here."""

from __future__ import annotations

from .loading import CONFIG_FILE, PREFIX, Settings, load_settings
from .sections import (
    CatalogueSettings,
    ColdStartSettings,
    CrossDomainSettings,
    DeliberateSettings,
    DiversitySettings,
    ElicitSettings,
    ExplorationSettings,
    ExposureSettings,
    FilterSettings,
    HistorySettings,
    LimitSettings,
    LLMRankSettings,
    LLMSettings,
    ModelSettings,
    PromptSettings,
    RecommenderSettings,
    RuleSettings,
    Section,
    ServeSettings,
    TimeoutSettings,
)

__all__ = [
    "CONFIG_FILE",
    "PREFIX",
    "CatalogueSettings",
    "ColdStartSettings",
    "CrossDomainSettings",
    "DeliberateSettings",
    "DiversitySettings",
    "ElicitSettings",
    "ExplorationSettings",
    "ExposureSettings",
    "FilterSettings",
    "HistorySettings",
    "LLMRankSettings",
    "LLMSettings",
    "LimitSettings",
    "ModelSettings",
    "PromptSettings",
    "RecommenderSettings",
    "RuleSettings",
    "Section",
    "ServeSettings",
    "Settings",
    "TimeoutSettings",
    "load_settings",
]
