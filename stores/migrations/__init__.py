"""Changes of the databases' schemas, in order, run by Alembic when a database is opened: one folder a schema."""
