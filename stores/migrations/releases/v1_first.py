"""Make the tables of versions, drafts, labels, rollouts, gates and the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v1"
down_revision = None
KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _id() -> sa.Column[int]:
    return sa.Column("id", KEY, primary_key=True, autoincrement=True)


def _text(name: str, length: int | None = None, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length) if length else sa.Text, primary_key=key, nullable=False)


def _whole(name: str, *, key: bool = False, empty: bool = False, long: bool = False) -> sa.Column[int]:
    kind = sa.BigInteger if long else sa.Integer
    return sa.Column(name, kind, primary_key=key, nullable=empty, autoincrement=False)


def upgrade() -> None:
    """Make the tables."""
    _texts()
    _decisions()
    _log()
    op.execute(sa.text("INSERT INTO release_revision (id, revision) VALUES (1, 0)"))


def _texts() -> None:
    op.create_table(
        "release_versions", _id(), _text("tenant", 64), _text("name", 64), _text("kind", 32), _whole("number"),
        _text("actor", 128), _whole("at_us", long=True), _text("message"), _text("digest", 64), _text("body"),
        _whole("based_on"),
    )  # fmt: skip
    op.create_index("release_versions_by_number", "release_versions", ["tenant", "name", "number"], unique=True)
    op.create_table(
        "release_drafts", _id(), _text("tenant", 64), _text("name", 64), _text("kind", 32), _text("actor", 128),
        _whole("at_us", long=True), _whole("changed_us", long=True), _whole("based_on"), _text("note"), _text("body"),
    )  # fmt: skip
    op.create_index("release_drafts_by_name", "release_drafts", ["tenant", "name"])
    op.create_table(
        "release_comments", _id(), _text("tenant", 64), _text("name", 64), _whole("number", empty=True),
        _whole("draft", empty=True, long=True), _text("actor", 128), _whole("at_us", long=True), _text("text"),
    )  # fmt: skip
    op.create_index("release_comments_by_name", "release_comments", ["tenant", "name"])


def _decisions() -> None:
    op.create_table(
        "release_labels", _id(), _text("tenant", 64), _text("name", 64), _text("label", 32), _whole("number"),
        _text("actor", 128), _whole("at_us", long=True), sa.Column("current", sa.Boolean, nullable=False),
        sa.Column("undone", sa.Boolean, nullable=False),
    )  # fmt: skip
    op.create_index("release_labels_by_name", "release_labels", ["tenant", "name", "label", "id"])
    op.create_table(
        "release_rollouts", _id(), _text("tenant", 64), _text("name", 64), _whole("number"), _whole("base"),
        sa.Column("percent", sa.Float, nullable=False), _text("cohort"), _text("salt", 128), _text("state", 16),
        _text("actor", 128), _whole("at_us", long=True), _whole("ended_us", empty=True, long=True), _text("why"),
    )  # fmt: skip
    op.create_index("release_rollouts_by_state", "release_rollouts", ["tenant", "state"])
    op.create_table("release_gates", _text("tenant", 64, key=True), _text("name", 64, key=True), _text("gate"))
    op.create_table(
        "release_approvals", _text("tenant", 64, key=True), _text("name", 64, key=True), _whole("number", key=True),
        _text("actor", 128, key=True), _whole("at_us", long=True), _text("note"),
    )  # fmt: skip
    op.create_table(
        "release_evaluations", _id(), _text("tenant", 64), _text("name", 64), _whole("number"), _text("digest", 64),
        _text("case_set", 128), _whole("cases"), _whole("k"), _text("metrics"), _text("run", 64), _text("actor", 128),
        _whole("at_us", long=True),
    )  # fmt: skip
    op.create_index("release_evaluations_by_name", "release_evaluations", ["tenant", "name", "number"])


def _log() -> None:
    op.create_table(
        "release_audit", _text("tenant", 64, key=True), _whole("seq", key=True), _whole("at_us", long=True),
        _text("actor", 128), _text("action", 64), sa.Column("name", sa.String(64)), _whole("number", empty=True),
        _text("detail"), _text("previous", 64), _text("digest", 64),
    )  # fmt: skip
    op.create_table("release_audit_heads", _text("tenant", 64, key=True), _whole("seq"), _text("digest", 64))
    op.create_table("release_revision", _whole("id", key=True), _whole("revision", long=True))
