"""The sections of the settings about users and items that are not known yet."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from .base import Section


class ColdStartSettings(Section):
    """What may be used of a user who is not known yet."""

    profile_fields: list[str] = Field(
        default=["segment"],
        description="Fields of a request's `profile` that may be used; age group, sex and the like only with consent.",
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


class CrossDomainSettings(Section):
    """What one tenant's shop may learn from the histories of others."""

    sources: dict[str, list[str]] = Field(
        default_factory=dict,
        description="Tenant -> tenants whose likes may inform it, for users without likes there; off for all others.",
    )
