"""What can be set, by section: each field has a default and says what it means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from ..redaction import redact
from ..schemas import LLMStrategy, TrustAction


class Section(BaseModel):
    """Base of every settings section: immutable, unknown keys refused, printed without the passwords in addresses."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, redact(value) if isinstance(value, str) else value


class LimitSettings(Section):
    """What a request may carry."""

    max_images: int = Field(default=4, ge=0, description="Photos per request.")
    max_audio: int = Field(default=2, ge=0, description="Voice clips per request.")
    max_video: int = Field(default=1, ge=0, description="Video clips per request.")
    max_image_bytes: int = Field(default=30_000_000, ge=1, description="Bytes per photo.")
    max_image_px: int = Field(default=64_000_000, ge=1, description="Pixels per photo (width x height).")
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
    text_precision: Literal["int8", "fp32"] = Field(
        default="int8",
        description="Precision of the embedded text model: int8 takes about half the time; fp32 is the published model. A change embeds the catalogue anew at the next ingest.",
    )
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


class TrustSettings(Section):
    """What a forged or contradictory medium leads to."""

    policy: dict[str, TrustAction] = Field(
        default={"file_history": "label", "spliced_region": "label", "unsafe_photo": "block"},
        description="What to do by the check that found a conflict: block (refuse the medium), keep_out (it counts for nothing), "
        "lower (it counts for less), ask (lower, and ask which counts) or label (only say so); lower where a check is not named.",
    )
    tenants: dict[str, dict[str, TrustAction]] = Field(
        default={}, description="Policies of single tenants, over `policy`, by tenant and check."
    )
    safety: bool = Field(
        default=False,
        description="Also look for photos that are not safe to show (the check unsafe_photo); needs the weights open-nsfw.",
    )
    review: tuple[str, ...] = Field(
        default=(),
        description="Checks of which a finding holds a new or changed item back at ingest until a person accepts it, such as "
        "same_photo; empty: items are not examined.",
    )

    closely: bool = Field(
        default=False,
        description="Run the slow methods, such as the search for spliced parts, on the media of every request too; else at ingest and in "
        "`tastemaker check` alone.",
    )

    def of_tenant(self, tenant: str) -> dict[str, TrustAction]:
        """Return the policy in force for ``tenant``."""
        return {**self.policy, **self.tenants.get(tenant, {})}


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
    prompt_price: float = Field(default=0.0, ge=0, description="Cost of a million prompt tokens, in any unit; 0: free.")
    completion_price: float = Field(
        default=0.0, ge=0, description="Cost of a million generated tokens, in the same unit."
    )
    reader: Literal["auto", "grammar", "model"] = Field(
        default="auto",
        description="Who reads requests: the grammar alone, the model beside it, or the model only from the size where it helped.",
    )
    compose_message: bool | None = Field(
        default=None,
        description="The model writes the opening message; empty: not in the embedded profile, whose model is too small.",
    )


class LLMRankSettings(Section):
    """How a language model may move the list; how far is fitted on held-out events, zero where it does not help."""

    strategies: tuple[LLMStrategy, ...] = Field(
        default=(),
        description="What a request that does not say uses: embeddings, profile, score, listwise, generative.",
    )
    top: int = Field(default=20, ge=2, le=50, description="Items at the top of the list that may change places.")
    orders: int = Field(default=2, ge=1, le=8, description="Orders in which the candidates are shown to the model.")
    timeout_s: float = Field(default=20.0, gt=0, description="Seconds that all strategies together may take.")
    likes: int = Field(default=10, ge=1, le=50, description="Titles of liked items in a prompt.")
    max_events: int = Field(default=400, ge=30, description="Held-out events that `fit-llm` asks the model about.")


class CatalogueSettings(Section):
    """Where items live."""

    uri: str = Field(default="", description="LanceDB folder or object-store URL; empty: a folder under home.")
    media_root: str = Field(default="", description="Folder that item images are relative to.")
    exact_below: int = Field(default=20_000, ge=0, description="Exact search up to this many items.")


class HistorySettings(Section):
    """Where events live."""

    url: str = Field(default="", description="SQLAlchemy async URL; empty: SQLite under home.")
    retention_days: float = Field(
        default=0.0,
        ge=0,
        description="Days that events and remembered preferences are kept; 0: until their user is erased.",
    )


class ThreadSettings(Section):
    """Where conversations live."""

    url: SecretStr = Field(
        default=SecretStr(""),
        description="postgresql://USER@HOST/NAME, so that machines share them; empty: SQLite under home.",
    )
    retention_days: float = Field(
        default=90.0,
        ge=0,
        description="Days after its last turn that a conversation is kept; 0: until its user is erased.",
    )


class PromptSettings(Section):
    """Where prompts live, which file's version is live, and where releases of them are kept."""

    dir: str = Field(default="", description="Folder of prompt files; empty: the packaged ones.")
    live: dict[str, str] = Field(default_factory=dict, description="Prompt name -> version.")
    url: SecretStr = Field(
        default=SecretStr(""),
        description="SQLAlchemy async URL of the releases; empty: with the events if those are in PostgreSQL, else a file under home.",
    )
    poll_s: float = Field(
        default=1.0, gt=0, le=4, description="Seconds after which a server looks whether something was released."
    )
    watch_s: float = Field(default=60.0, ge=0, description="Seconds between looks at rollouts; 0: none is taken back.")


class RuleSettings(Section):
    """Where business rules live."""

    dir: str = Field(default="", description="Folder of <tenant>.yaml files; empty: `rules` under home.")


class RecommenderSettings(Section):
    """The trained recommender: `tastemaker train` makes versions of it, requests are ranked with the one in use."""

    enabled: bool = Field(default=True, description="Rank with the trained version, if there is one.")
    keep: int = Field(default=5, ge=1, description="Trained versions kept.")
    max_items: int = Field(default=200_000, ge=1, description="Items held in memory; of more, those wanted most.")
    max_events: int = Field(default=5_000_000, ge=1, description="Newest events learnt from.")
    min_events: int = Field(
        default=100, ge=2, description="Fewest likes, purchases, ratings, clicks and views to train on."
    )
    threshold: float = Field(
        default=0.02, ge=0, description="NDCG@10 that a new version may lose against the one in use."
    )
    check_s: float = Field(default=3.0, gt=0, description="Seconds between looks for a new version.")


class ColdStartSettings(Section):
    """What may be used of a user who is not known yet."""

    profile_fields: list[str] = Field(
        default=["segment"],
        description="Fields of a request's `profile` that may be used; age group, sex and the like only with consent.",
    )


class CrossDomainSettings(Section):
    """What one tenant's shop may learn from the histories of others."""

    sources: dict[str, list[str]] = Field(
        default_factory=dict,
        description="Tenant -> tenants whose likes may inform it, for users without likes there; off for all others.",
    )


class ElicitSettings(Section):
    """When a question is worth asking somebody of whom nothing is known."""

    max_questions: int = Field(default=2, ge=0, le=5, description="Questions per thread, at most; 0: none.")
    max_choices: int = Field(default=6, ge=2, le=12, description="Choices per question.")
    min_bits: float = Field(
        default=0.5, ge=0, description="Expected information of the answer, in bits, to be worth it."
    )
    noise: float = Field(default=0.1, gt=0, lt=1, description="Share of answers that do not mean what they say.")


class ExplorationSettings(Section):
    """The quota of new items in lists that no words, photo or item decide."""

    share: float = Field(default=0.0, ge=0, le=0.5, description="Share of a list that new items may take; 0: none.")
    max_items: int = Field(default=2, ge=0, description="New items per list, at most.")


class ExposureSettings(Section):
    """The log of what was shown, next to the events."""

    enabled: bool = Field(default=True, description="Log each list with the probabilities it was made with.")
    policy: Annotated[str, StringConstraints(min_length=1, max_length=128)] = Field(
        default="default", description="Name of the version that makes the lists, for comparisons."
    )
    retention_days: float = Field(default=90.0, gt=0, description="Days that the log is kept.")


class PrivacySettings(Section):
    """What is told of groups of people, and how people's names are found."""

    name_models: dict[str, str] = Field(
        default_factory=dict,
        description="spaCy's models by language, such as `{en = \"en_core_web_sm\"}`, that find people's names in answers that are kept; needs the extra `privacy`; empty: names are kept.",
    )
    segment_epsilon: float = Field(
        default=0.0,
        ge=0,
        le=100,
        description="What segments like is released with differential privacy, each time for so much epsilon; 0: exactly, as it is now.",
    )
    segment_days: float = Field(
        default=30.0,
        ge=1,
        description="Days for which a release of a segment stands: 12 releases a year cost 12 times epsilon.",
    )


class TraceSettings(Section):
    """Answers that are kept so that they can be looked at, made again and made into cases; without media, personal data masked."""

    enabled: bool = Field(default=False, description="Keep the server's answers with what was asked, masked.")
    share: float = Field(default=1.0, ge=0, le=1, description="Share of the answers that is kept.")
    retention_days: float = Field(default=14.0, gt=0, description="Days that they are kept.")


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


class DeliberateSettings(Section):
    """Bounds of the deliberation loop."""

    max_calls: int = Field(default=4, ge=1, description="Language-model calls.")
    max_tokens: int = Field(default=160, ge=16, description="Tokens per call.")
