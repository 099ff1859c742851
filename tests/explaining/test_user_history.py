"""Hold what is said of a user's history, and what is not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tastemaker.core.schemas import Event
from tastemaker.stores.events.history import SqlHistory
from tastemaker.tools.user_history import UserHistoryLookup

from ..catalogue_fixture import open_catalogue

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@asynccontextmanager
async def lookup(folder: Path, events: Sequence[Event]) -> AsyncIterator[UserHistoryLookup]:
    catalogue = await open_catalogue(folder / "items")
    history = await SqlHistory.open(f"sqlite+aiosqlite:///{folder / 'h.db'}")
    await history.add(events)
    yield UserHistoryLookup(history, catalogue)
    await history.close()


def like(item: str, minutes: int = 0) -> Event:
    return Event(user_id="ada.secret", item_id=item, kind="like", at=NOW + timedelta(minutes=minutes))


async def test_the_newest_likes_are_named_without_the_user(tmp_path: Path) -> None:
    async with lookup(tmp_path, [like("gone", 99), *(like(f"i{i}", i) for i in range(8))]) as tool:
        profile, evidence, _ = await tool("ada.secret")
        assert profile.known
        assert evidence is not None
        assert evidence.content == "liked: Blue dog 7; Red boat 6; Green dog 5; Blue boat 4; Red dog 3"
        assert (evidence.kind, evidence.source, evidence.evidence_id) == ("history", "history", "history-1")
        assert "ada" not in evidence.model_dump_json()


async def test_strangers_and_newcomers_have_no_evidence(tmp_path: Path) -> None:
    async with lookup(tmp_path, [Event(user_id="bob", item_id="i1", kind="view", at=NOW)]) as tool:
        profile, evidence, _ = await tool(None)
        assert (profile.known, evidence) == (False, None)
        profile, evidence, _ = await tool("nobody")
        assert (profile.known, evidence) == (False, None)
        _, evidence, _ = await tool("bob")
        assert evidence is None
