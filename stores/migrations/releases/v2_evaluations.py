"""Make the tables of frozen cases, runs over them, their outcomes, and traces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v2"
down_revision = "v1"
KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _text(name: str, length: int | None = None, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length) if length else sa.Text, primary_key=key, nullable=False)


def _whole(name: str, *, empty: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=empty)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "evaluation_cases", sa.Column("id", KEY, primary_key=True, autoincrement=True), _text("tenant", 64),
        _text("case_set", 128), _text("case_id", 128), _text("body"), _text("actor", 128), _whole("at_us"),
    )  # fmt: skip
    op.create_index("evaluation_cases_by_name", "evaluation_cases", ["tenant", "case_set", "case_id"], unique=True)
    op.create_table(
        "evaluation_runs", _text("id", 32, key=True), _text("tenant", 64), _text("name", 64), _text("version", 64),
        _text("digest", 64), _text("case_set", 128), _text("set_digest", 16), _whole("k"), _whole("total"),
        _text("state", 16), _text("actor", 128), _whole("at_us"), _whole("seen_us"), _whole("ended_us", empty=True),
        _text("problem"), _text("metrics"),
    )  # fmt: skip
    op.create_index("evaluation_runs_by_name", "evaluation_runs", ["tenant", "name"])
    op.create_table(
        "evaluation_outcomes", _text("run", 32, key=True), _text("case_id", 128, key=True),
        sa.Column("repetition", sa.Integer, primary_key=True, autoincrement=False), _text("outcome"),
    )  # fmt: skip
    op.create_table(
        "evaluation_traces", sa.Column("id", KEY, primary_key=True, autoincrement=True), _text("tenant", 64),
        _text("request_id", 64), sa.Column("user_id", sa.String(128)), _whole("at_us"), _text("trace"),
    )  # fmt: skip
    op.create_index("evaluation_traces_by_request", "evaluation_traces", ["tenant", "request_id"], unique=True)
    op.create_index("evaluation_traces_by_time", "evaluation_traces", ["tenant", "at_us"])
