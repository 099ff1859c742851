"""Run migrations on the connection that ``stores.database`` hands over; Alembic runs this file, nothing imports it."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
