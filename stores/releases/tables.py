"""The tables of the schema ``releases``; ``migrations/releases`` makes and changes them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

RELEASES = MetaData()
_KEY = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Column[int]:
    return Column("id", _KEY, primary_key=True, autoincrement=True)


def _tenant(*, key: bool = False) -> Column[str]:
    return Column("tenant", String(64), primary_key=key, nullable=False)


def _name(*, key: bool = False) -> Column[str]:
    return Column("name", String(64), primary_key=key, nullable=False)


def _actor(*, key: bool = False) -> Column[str]:
    return Column("actor", String(128), primary_key=key, nullable=False)


VERSIONS = Table(
    "release_versions",
    RELEASES,
    _id(),
    _tenant(),
    _name(),
    Column("kind", String(32), nullable=False),
    Column("number", Integer, nullable=False),
    _actor(),
    Column("at_us", BigInteger, nullable=False),
    Column("message", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("based_on", Integer, nullable=False),
    Index("release_versions_by_number", "tenant", "name", "number", unique=True),
)
DRAFTS = Table(
    "release_drafts",
    RELEASES,
    _id(),
    _tenant(),
    _name(),
    Column("kind", String(32), nullable=False),
    _actor(),
    Column("at_us", BigInteger, nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    Column("based_on", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("release_drafts_by_name", "tenant", "name"),
)
LABELS = Table(
    "release_labels",
    RELEASES,
    _id(),
    _tenant(),
    _name(),
    Column("label", String(32), nullable=False),
    Column("number", Integer, nullable=False),
    _actor(),
    Column("at_us", BigInteger, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("undone", Boolean, nullable=False),
    Index("release_labels_by_name", "tenant", "name", "label", "id"),
)
"""Every place a label was put; ``current`` is where it is, ``undone`` what was rolled back."""
ROLLOUTS = Table(
    "release_rollouts",
    RELEASES,
    _id(),
    _tenant(),
    _name(),
    Column("number", Integer, nullable=False),
    Column("base", Integer, nullable=False),
    Column("percent", Float, nullable=False),
    Column("cohort", Text, nullable=False),
    Column("salt", String(128), nullable=False),
    Column("state", String(16), nullable=False),
    _actor(),
    Column("at_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
    Column("why", Text, nullable=False),
    Index("release_rollouts_by_state", "tenant", "state"),
)
GATES = Table("release_gates", RELEASES, _tenant(key=True), _name(key=True), Column("gate", Text, nullable=False))
APPROVALS = Table(
    "release_approvals",
    RELEASES,
    _tenant(key=True),
    _name(key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    _actor(key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
)
EVALUATIONS = Table(
    "release_evaluations",
    RELEASES,
    _id(),
    _tenant(),
    _name(),
    Column("number", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("case_set", String(128), nullable=False),
    Column("cases", Integer, nullable=False),
    Column("k", Integer, nullable=False),
    Column("metrics", Text, nullable=False),
    Column("run", String(64), nullable=False),
    _actor(),
    Column("at_us", BigInteger, nullable=False),
    Index("release_evaluations_by_name", "tenant", "name", "number"),
)
COMMENTS = Table(
    "release_comments",
    RELEASES,
    _id(),
    _tenant(),
    _name(),
    Column("number", Integer),
    Column("draft", BigInteger),
    _actor(),
    Column("at_us", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Index("release_comments_by_name", "tenant", "name"),
)
AUDIT = Table(
    "release_audit",
    RELEASES,
    _tenant(key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at_us", BigInteger, nullable=False),
    _actor(),
    Column("action", String(64), nullable=False),
    Column("name", String(64)),
    Column("number", Integer),
    Column("detail", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
)
HEADS = Table(
    "release_audit_heads",
    RELEASES,
    _tenant(key=True),
    Column("seq", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
)
"""The last entry of each tenant's log, so that one cut off at the end is noticed."""
REVISION = Table(
    "release_revision",
    RELEASES,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("revision", BigInteger, nullable=False),
)
"""One row; its number grows with every change, so that servers look at one number to know whether something did."""
