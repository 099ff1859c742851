"""Chain the entries of an audit log by their digests, and find where one was changed, taken out or put in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ..schemas.releases import AuditEntry


def digest_of(tenant: str, entry: AuditEntry) -> str:
    """Return the SHA-256 of an entry, of the tenant it is of and of the digest of the entry before."""
    said = [
        entry.previous, tenant, entry.seq, _micros(entry.at), entry.by, entry.action, entry.name, entry.number, entry.detail
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def chained(
    tenant: str,
    last: tuple[int, str],
    *,
    at: datetime,
    by: str,
    action: str,
    name: str | None,
    number: int | None,
    detail: dict[str, Any],
) -> AuditEntry:
    """Return the entry that follows ``last``, which is a place and a digest."""
    entry = AuditEntry(
        seq=last[0] + 1,
        at=at,
        by=by,
        action=action,
        name=name,
        number=number,
        detail=detail,
        previous=last[1],
        digest="",
    )
    return entry.model_copy(update={"digest": digest_of(tenant, entry)})


def breaks_in(tenant: str, entries: Sequence[AuditEntry], head: tuple[int, str]) -> list[str]:
    """Return what is wrong with a whole log, in plain words; ``head`` is the place and digest of the last entry that was written."""
    found: list[str] = []
    place, previous = 0, ""
    for entry in entries:
        if entry.seq != place + 1:
            found.append(f"between entry {place} and entry {entry.seq} something was taken out or put in")
        elif entry.previous != previous:
            found.append(f"entry {entry.seq} does not follow entry {place}: one of the two was changed")
        if entry.digest != digest_of(tenant, entry):
            found.append(f"entry {entry.seq} ({entry.action} by {entry.by}) was changed after it was written")
        place, previous = entry.seq, entry.digest
    if (place, previous) != head:
        found.append(
            f"the log ends with entry {place}, but entry {head[0]} was written: the end was taken out or changed"
        )
    return found


def _micros(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)
