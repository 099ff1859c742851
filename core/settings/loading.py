"""All settings, read once at the entry point: environment over ``tastemaker.toml`` over defaults.

Environment names are ``TASTEMAKER_`` plus the path joined by two underscores: ``TASTEMAKER_LLM__BASE_URL``. Unknown keys
are refused with their path.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from ..errors import ConfigurationError
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
    PrivacySettings,
    PromptSettings,
    RecommenderSettings,
    RuleSettings,
    Section,
    ThreadSettings,
    TimeoutSettings,
    TraceSettings,
    TrustSettings,
)
from .service_sections import AuthSettings, ServeSettings, TelemetrySettings, WebhookSettings, WebSettings

PREFIX = "TASTEMAKER_"
CONFIG_FILE = "tastemaker.toml"


def _xdg(variable: str, default: str) -> Path:
    return Path(os.environ.get(variable) or default).expanduser() / "tastemaker"


class Settings(Section):
    """Everything that can be set. ``home`` holds data, ``cache`` holds weights and environments."""

    profile: Literal["embedded", "hub", "gpu"] = Field(default="embedded", description="Set of defaults.")
    home: Path = Field(default_factory=lambda: _xdg("XDG_DATA_HOME", "~/.local/share"), description="Data folder.")
    cache: Path = Field(default_factory=lambda: _xdg("XDG_CACHE_HOME", "~/.cache"), description="Cache folder.")
    data: Path = Field(default=Path("../shared/data"), description="Benchmark data folder.")
    max_ms: int = Field(default=120_000, ge=50, description="Default time budget of a request in milliseconds.")
    limits: LimitSettings = LimitSettings()
    timeouts: TimeoutSettings = TimeoutSettings()
    models: ModelSettings = ModelSettings()
    trust: TrustSettings = TrustSettings()
    llm: LLMSettings = LLMSettings()
    llm_rank: LLMRankSettings = LLMRankSettings()
    catalogue: CatalogueSettings = CatalogueSettings()
    history: HistorySettings = HistorySettings()
    threads: ThreadSettings = ThreadSettings()
    cold_start: ColdStartSettings = ColdStartSettings()
    cross_domain: CrossDomainSettings = CrossDomainSettings()
    elicit: ElicitSettings = ElicitSettings()
    exploration: ExplorationSettings = ExplorationSettings()
    exposures: ExposureSettings = ExposureSettings()
    traces: TraceSettings = TraceSettings()
    privacy: PrivacySettings = PrivacySettings()
    prompts: PromptSettings = PromptSettings()
    rules: RuleSettings = RuleSettings()
    diversity: DiversitySettings = DiversitySettings()
    filters: FilterSettings = FilterSettings()
    serve: ServeSettings = ServeSettings()
    auth: AuthSettings = AuthSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    web: WebSettings = WebSettings()
    webhooks: WebhookSettings = WebhookSettings()
    deliberate: DeliberateSettings = DeliberateSettings()
    recommender: RecommenderSettings = RecommenderSettings()

    @property
    def catalogue_uri(self) -> str:
        """Return the LanceDB location."""
        return self.catalogue.uri or str(self.home / "catalogue")

    @property
    def model_writes_message(self) -> bool:
        """Return whether the language model writes the opening message, or it is rendered and sent at once."""
        wanted = self.llm.compose_message
        return self.profile != "embedded" if wanted is None else wanted

    @property
    def history_url(self) -> str:
        """Return the SQLAlchemy async URL of the event store."""
        return self.history.url or f"sqlite+aiosqlite:///{self.home / 'history.db'}"

    @property
    def access_url(self) -> str:
        """Return the SQLAlchemy async URL of the keys: with the events if those are in PostgreSQL."""
        beside = self.history.url if self.history.url.startswith("postgresql") else ""
        return self.auth.url.get_secret_value() or beside or f"sqlite+aiosqlite:///{self.home / 'access.db'}"

    @property
    def releases_url(self) -> str:
        """Return the SQLAlchemy async URL of the releases: with the events if those are in PostgreSQL."""
        beside = self.history.url if self.history.url.startswith("postgresql") else ""
        return self.prompts.url.get_secret_value() or beside or f"sqlite+aiosqlite:///{self.home / 'releases.db'}"

    def models_path(self, tenant: str) -> Path:
        """Return the folder of a tenant's trained recommenders."""
        return self.home / "models" / tenant

    @property
    def rules_dir(self) -> Path:
        """Return the folder of the tenants' rules."""
        return Path(self.rules.dir) if self.rules.dir else self.home / "rules"

    @property
    def threads_path(self) -> Path:
        """Return the SQLite file of the thread checkpoints."""
        return self.home / "threads.db"


def load_settings(environ: Mapping[str, str] | None = None, file: Path | None = None, **overrides: Any) -> Settings:
    """Read settings from ``overrides`` over ``environ`` over ``file`` (default: ``./tastemaker.toml``) over defaults.

    Raises:
        ConfigurationError: unknown key or wrong value, with its path.
    """
    environ = os.environ if environ is None else environ
    path = file or Path(environ.get(PREFIX + "CONFIG", CONFIG_FILE))
    if file and not file.is_file():
        raise ConfigurationError(f"no settings file at {file}")
    values = _merge(_from_file(path), _from_environ(environ))
    values = _merge(values, overrides)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
        raise ConfigurationError("wrong settings: " + "; ".join(lines)) from error


def _from_file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: {error}") from error


def _from_environ(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, raw in environ.items():
        if not name.startswith(PREFIX) or name == PREFIX + "CONFIG":
            continue
        *parents, leaf = name[len(PREFIX) :].lower().split("__")
        node = values
        for part in parents:
            node = node.setdefault(part, {})
        node[leaf] = _parse(raw)
    return values


def _parse(raw: str) -> Any:
    if raw.startswith(("[", "{")):
        try:
            return TypeAdapter(Any).validate_json(raw)
        except ValidationError:
            return raw
    return raw


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(merged.get(key), dict):
            merged[key] = _merge(merged[key], value)
        else:
            merged[key] = dict(value) if isinstance(value, Mapping) else value
    return merged
