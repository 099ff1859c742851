"""The tables of evaluations, beside those of releases; ``migrations/releases`` makes and changes them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from ..releases.tables import RELEASES

_KEY = BigInteger().with_variant(Integer, "sqlite")
CASES = Table(
    "evaluation_cases",
    RELEASES,
    Column("id", _KEY, primary_key=True, autoincrement=True),
    Column("tenant", String(64), nullable=False),
    Column("case_set", String(128), nullable=False),
    Column("case_id", String(128), nullable=False),
    Column("body", Text, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Index("evaluation_cases_by_name", "tenant", "case_set", "case_id", unique=True),
)
RUNS = Table(
    "evaluation_runs",
    RELEASES,
    Column("id", String(32), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("name", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("case_set", String(128), nullable=False),
    Column("set_digest", String(16), nullable=False),
    Column("k", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("seen_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
    Column("problem", Text, nullable=False),
    Column("metrics", Text, nullable=False),
    Index("evaluation_runs_by_name", "tenant", "name"),
)
"""``seen_us`` is when somebody last worked on the run: one that says it is running and was not seen for long was killed."""
OUTCOMES = Table(
    "evaluation_outcomes",
    RELEASES,
    Column("run", String(32), primary_key=True),
    Column("case_id", String(128), primary_key=True),
    Column("repetition", Integer, primary_key=True, autoincrement=False),
    Column("outcome", Text, nullable=False),
)
TRACES = Table(
    "evaluation_traces",
    RELEASES,
    Column("id", _KEY, primary_key=True, autoincrement=True),
    Column("tenant", String(64), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("user_id", String(128)),
    Column("at_us", BigInteger, nullable=False),
    Column("trace", Text, nullable=False),
    Index("evaluation_traces_by_request", "tenant", "request_id", unique=True),
    Index("evaluation_traces_by_time", "tenant", "at_us"),
)
