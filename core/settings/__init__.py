"""Settings, read once at the entry point: environment over ``tastemaker.toml`` over defaults.

Environment names are ``TASTEMAKER_`` plus the path joined by two underscores: ``TASTEMAKER_LLM__BASE_URL``. Unknown keys
are refused with their path.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, TypeAdapter, ValidationError

from ..errors import ConfigurationError
from .base import Section
from .cold_start import ColdStartSettings, CrossDomainSettings, ElicitSettings, ExplorationSettings, ExposureSettings
from .llm_rank import LLMRankSettings
from .recommender import RecommenderSettings

PREFIX = "TASTEMAKER_"
CONFIG_FILE = "tastemaker.toml"


class LimitSettings(Section):
    """What a request may carry."""

    max_images: int = Field(default=4, ge=0, description="Photos per request.")
    max_audio: int = Field(default=2, ge=0, description="Voice clips per request.")
    max_video: int = Field(default=1, ge=0, description="Video clips per request.")
    max_image_bytes: int = Field(default=15_000_000, ge=1, description="Bytes per photo.")
    max_image_px: int = Field(default=40_000_000, ge=1, description="Pixels per photo (width x height).")
    max_audio_bytes: int = Field(default=25_000_000, ge=1, description="Bytes per voice clip.")
    max_audio_s: float = Field(default=120.0, gt=0, description="Seconds per voice clip.")
    max_video_bytes: int = Field(default=60_000_000, ge=1, description="Bytes per video clip.")
    max_video_s: float = Field(default=60.0, gt=0, description="Seconds per video clip.")
    max_video_frames: int = Field(default=6, ge=1, description="Frames looked at per video clip.")
    max_body_bytes: int = Field(default=140_000_000, ge=1, description="Bytes of an HTTP request body.")
    allow_urls: bool = Field(default=False, description="Fetch media from https addresses (never private networks).")
    url_timeout_s: float = Field(default=10.0, gt=0, description="Seconds to fetch one URL.")


class TimeoutSettings(Section):
    """Seconds each step may take before the answer goes on without it."""

    admit_s: float = Field(default=20.0, gt=0, description="Checking and decoding media.")
    caption_s: float = Field(default=10.0, gt=0, description="Captioning all photos.")
    transcribe_s: float = Field(default=60.0, gt=0, description="Transcribing all voice clips.")
    video_s: float = Field(default=90.0, gt=0, description="Reading a video clip.")
    history_s: float = Field(default=2.0, gt=0, description="Looking up a user's history.")
    understand_s: float = Field(default=10.0, gt=0, description="Understanding, including a model call if needed.")
    consistency_s: float = Field(default=5.0, gt=0, description="Consistency and authenticity checks.")
    retrieve_s: float = Field(default=5.0, gt=0, description="Each candidate source.")
    compose_s: float = Field(default=60.0, gt=0, description="The language model's words.")
    deliberate_s: float = Field(default=120.0, gt=0, description="The whole deliberation loop.")


class ModelSettings(Section):
    """Which back-end serves each slot, as ``kind:name``; an empty string takes the profile's default."""

    image_text: str = Field(default="", description="Image-text model, such as embedded:efficientnet-lite0-minilm.")
    captioner: str = Field(default="", description="Captioner, such as zero-shot:default or vllm:NAME.")
    ocr: bool = Field(
        default=False,
        description="Read the text in photos (extra ocr); a photo that looks written takes some tenths of a second more.",
    )
    captioner_url: str = Field(
        default="", description="Address of the vision model's server, ending in /v1; empty: the reasoning model's."
    )
    transcriber: str = Field(default="", description="Transcriber, such as whisper:tiny or vllm:NAME.")
    transcriber_url: str = Field(
        default="", description="Address of the speech model's server, ending in /v1; empty: the reasoning model's."
    )
    fusion: Literal["auto", "text", "features"] = Field(
        default="auto",
        description="One merged text, averaged vectors of all pieces, or whichever their agreement asks for.",
    )
    threads: int = Field(default=0, ge=0, description="Inference threads; 0 takes the number of cores.")


class LLMSettings(Section):
    """The reasoning model's server."""

    model: str = Field(default="", description="Such as vllm:smollm2-135m; empty takes the profile's default.")
    base_url: str = Field(default="", description="OpenAI-compatible address of a running server, ending in /v1.")
    api_key: SecretStr = Field(default=SecretStr(""), description="Key of that server, if it wants one.")
    host: str = Field(default="127.0.0.1", description="Address `tastemaker llm up` binds.")
    port: int = Field(default=8011, ge=1, le=65535, description="Port `tastemaker llm up` binds.")
    max_model_len: int = Field(default=4096, ge=512, description="Context length in tokens.")
    start_timeout_s: float = Field(default=600.0, gt=0, description="Seconds to wait for the server to start.")
    connect_timeout_s: float = Field(default=2.0, gt=0, description="Seconds to wait for a connection.")
    timeout_s: float = Field(default=60.0, gt=0, description="Seconds to wait for one answer.")
    max_retries: int = Field(default=1, ge=0, description="Retries of a retryable failure.")
    max_tokens: int = Field(default=220, ge=16, description="Tokens the composer may write.")
    compose_items: int = Field(
        default=3, ge=0, description="Items the model writes reasons for; the rest are rendered."
    )
    embeddings_model: str = Field(default="", description="Text-embedding model of a server; empty: none.")
    embeddings_url: str = Field(
        default="", description="Address of that server, ending in /v1; empty: the reasoning model's."
    )
    compose_message: bool | None = Field(
        default=None,
        description="The model writes the opening message; empty: not in the embedded profile, whose model is too small.",
    )


class CatalogueSettings(Section):
    """Where items live."""

    uri: str = Field(default="", description="LanceDB folder or object-store URL; empty: a folder under home.")
    media_root: str = Field(default="", description="Folder that item images are relative to.")
    exact_below: int = Field(default=20_000, ge=0, description="Exact search up to this many items.")


class HistorySettings(Section):
    """Where events live."""

    url: str = Field(default="", description="SQLAlchemy async URL; empty: SQLite under home.")


class PromptSettings(Section):
    """Where prompts live and which version is live."""

    dir: str = Field(default="", description="Folder of prompt files; empty: the packaged ones.")
    live: dict[str, str] = Field(default_factory=dict, description="Prompt name -> version.")


class RuleSettings(Section):
    """Where business rules live."""

    dir: str = Field(default="", description="Folder of <tenant>.yaml files; empty: `rules` under home.")


class DiversitySettings(Section):
    """How lists are spread where a request does not say."""

    strategy: Literal["none", "mmr", "dpp", "calibrated"] = Field(default="mmr", description="Strategy.")
    strength: float = Field(default=0.1, ge=0, le=1, description="0: best first, 1: only variety.")
    field: str = Field(default="", description="Field that `calibrated` divides by; empty: the first list field.")
    popularity_penalty: float = Field(
        default=0.0, ge=0, le=1, description="How much popularity counts against an item."
    )


class FilterSettings(Section):
    """Content filters that hold items back."""

    use: list[str] = Field(default_factory=list, description="Filters by name, such as words; empty: none.")
    words: list[str] = Field(default_factory=list, description="Words and phrases that the filter `words` denies.")
    words_file: str = Field(default="", description="File with more of them, one a line.")
    timeout_s: float = Field(default=0.5, gt=0, description="Seconds a filter may take for the items of one list.")
    on_failure: Literal["allow", "deny"] = Field(
        default="allow", description="What a filter that fails means for the items: allow (open) or deny (closed)."
    )


class ServeSettings(Section):
    """The HTTP service."""

    host: str = Field(default="127.0.0.1", description="Address to bind.")
    port: int = Field(default=8010, ge=1, le=65535, description="Port to bind.")


class DeliberateSettings(Section):
    """Bounds of the deliberation loop."""

    max_calls: int = Field(default=4, ge=1, description="Language-model calls.")
    max_tokens: int = Field(default=160, ge=16, description="Tokens per call.")


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
    llm: LLMSettings = LLMSettings()
    llm_rank: LLMRankSettings = LLMRankSettings()
    catalogue: CatalogueSettings = CatalogueSettings()
    history: HistorySettings = HistorySettings()
    cold_start: ColdStartSettings = ColdStartSettings()
    cross_domain: CrossDomainSettings = CrossDomainSettings()
    elicit: ElicitSettings = ElicitSettings()
    exploration: ExplorationSettings = ExplorationSettings()
    exposures: ExposureSettings = ExposureSettings()
    prompts: PromptSettings = PromptSettings()
    rules: RuleSettings = RuleSettings()
    diversity: DiversitySettings = DiversitySettings()
    filters: FilterSettings = FilterSettings()
    serve: ServeSettings = ServeSettings()
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


def _xdg(variable: str, default: str) -> Path:
    return Path(os.environ.get(variable) or default).expanduser() / "tastemaker"


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
