"""Let clients name their events, read one tenant's events in order, and bring back times that lie in the future."""

from __future__ import annotations

import time

import sqlalchemy as sa
from alembic import op

revision = "h2"
down_revision = "h1"
SKEW_US = 300_000_000


def upgrade() -> None:
    """Add the column and the indexes; an event dated more than five minutes ahead gets the time of this migration.

    A microsecond apart by their order, so that none becomes another's repeat.
    """
    op.add_column("events", sa.Column("event_id", sa.String(64)))
    op.create_index("events_by_event_id", "events", ["tenant", "event_id"], unique=True)
    op.create_index("events_by_tenant", "events", ["tenant", "id"])
    now = time.time_ns() // 1000
    events = sa.table("events", sa.column("id", sa.BigInteger), sa.column("at_us", sa.BigInteger))
    last = op.get_bind().execute(sa.select(sa.func.max(events.c.id))).scalar() or 0
    ahead = events.c.at_us > now + SKEW_US
    op.execute(sa.update(events).where(ahead).values(at_us=now - last + events.c.id))
