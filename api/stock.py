"""Bring a catalogue and its events into the stores that the settings name; what is there already is skipped."""

from __future__ import annotations

from pathlib import Path

from ..core.settings import Settings
from ..models.registry import open_image_text
from ..stores.catalogue.lance_catalogue import LanceCatalogue
from ..stores.events.history import SqlHistory
from ..stores.ingest.changes import Refresh
from ..stores.ingest.embed_and_write import Progress
from ..stores.ingest.events_plan import EventChoices
from ..stores.ingest.pipeline import ingest
from ..stores.ingest.plan import Choices
from ..stores.ingest.report import IngestReport
from .review_gate import examine_catalogue


async def stock(
    settings: Settings,
    catalogue: Path,
    *,
    rejects: Path,
    tenant: str = "default",
    interactions: Path | None = None,
    media: Path | None = None,
    choices: Choices | None = None,
    event_choices: EventChoices | None = None,
    refresh: Refresh | None = None,
    batch: int = 128,
    progress: Progress | None = None,
) -> IngestReport:
    """Open the tenant's stores and the image-text model, ingest, and close; see ``stores.ingest.ingest``.

    What is new or changed is then examined by the checks of ``trust.review``, and held back where one finds something.

    Raises:
        InvalidRequestError: a file or the mapping is not usable.
        BackEndError: the model failed; what was written stays, and starting again resumes.
        StoreError: a store failed, likewise.
    """
    store = await LanceCatalogue.open(settings.catalogue_uri, tenant, settings.catalogue.exact_below)
    history = await SqlHistory.open(settings.history_url, tenant)
    try:
        report = await ingest(
            catalogue,
            store,
            open_image_text(settings, tenant),
            choices=choices,
            refresh=refresh,
            media=media,
            interactions=interactions,
            event_choices=event_choices,
            history=history,
            rejects=rejects,
            batch=batch,
            progress=progress,
        )
    finally:
        await history.close()
    if not (settings.trust.review and report.changed):
        return report
    examined = await examine_catalogue(
        settings, tenant, settings.trust.review, report.changed, media or catalogue.parent
    )
    return report.model_copy(update={"held": len(examined.held), "unexamined": examined.unexamined})
