"""Run migrations on the connection that ``stores.database`` hands over; Alembic runs this file, nothing imports it."""

from __future__ import annotations

from alembic import context

given = context.config.attributes
context.configure(connection=given["connection"], version_table=given["version_table"])
context.run_migrations()
