"""Store one event from the command line."""

from __future__ import annotations

from typing import Annotated, cast

import typer
from pydantic import ValidationError

from ...core.errors import InvalidRequestError
from ...core.schemas import Event, EventKind
from ...core.settings import load_settings
from ...core.validation import invalid_request
from .options import run_async


def feedback_command(
    user: Annotated[str, typer.Argument(help="Who.")],
    item: Annotated[str, typer.Argument(help="Which item.")],
    kind: Annotated[str, typer.Argument(help="view, click, like, dislike, skip, purchase or rating.")],
    *,
    value: Annotated[float | None, typer.Option(help="The rating.")] = None,
    event_id: Annotated[str | None, typer.Option(help="Your own name of the event; sent again, it is known.")] = None,
    tenant: Annotated[str, typer.Option(help="Which shop.")] = "default",
) -> None:
    """Store what a user did with an item, now."""

    async def work() -> int:
        from ...graphs.recommender import Recommender

        event = _event(user, item, kind, value, event_id)
        async with Recommender(load_settings()) as recommender:
            return await recommender.feedback([event], tenant=tenant)

    stored = run_async(work)
    typer.echo("stored" if stored else "already known")


def _event(user: str, item: str, kind: str, value: float | None, event_id: str | None) -> Event:
    if kind == "rating" and value is None:
        raise InvalidRequestError("--value", "a rating needs a value")
    try:
        return Event(user_id=user, item_id=item, kind=cast(EventKind, kind), value=value, event_id=event_id)
    except ValidationError as error:
        raise invalid_request(error, "event") from error
