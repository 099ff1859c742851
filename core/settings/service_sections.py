"""The sections of settings that say how the service is reached, who may use it and what it tells of itself."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints

from .sections import Section


class ServeSettings(Section):
    """The HTTP service."""

    host: str = Field(default="127.0.0.1", description="Address to bind.")
    port: int = Field(default=8010, ge=1, le=65535, description="Port to bind.")
    allowed_hosts: tuple[str, ...] = Field(
        default=(),
        description="Names, such as `shop.example`, by which the service may be called where no keys are asked for, beside its address and "
        "`localhost`; `*`: any. Empty, on an address that others can reach: any.",
    )
    max_active: int = Field(
        default=8, ge=1, description="Requests a process works on at once; feedback is not counted."
    )
    max_waiting: int = Field(default=32, ge=0, description="Requests that may wait for a place; more get a 429.")
    max_wait_s: float = Field(
        default=2.0, gt=0, description="Seconds a request may wait for a place; then it gets a 429."
    )
    grace_s: int = Field(
        default=30,
        ge=1,
        description="Seconds that requests and streams under way may take to end when the service stops.",
    )
    keep_alive_s: int = Field(
        default=75,
        ge=1,
        description="Seconds that an idle connection stays open: longer than what is in front keeps it, which else sends on one that is just closed.",
    )
    max_connections: int = Field(default=1000, ge=1, description="Connections a process keeps open; more get a 503.")


class AuthSettings(Section):
    """Who may call the HTTP service: API keys for programs, tokens of an OpenID provider for people."""

    mode: Literal["auto", "on", "open"] = Field(
        default="auto",
        description="`auto`: keys are asked for once there is one or an issuer is set, and without either only this machine is served; "
        "`on`: always asked for; `open`: never, whatever the address, for where something in front asks.",
    )
    url: SecretStr = Field(
        default=SecretStr(""),
        description="SQLAlchemy async URL of the keys; empty: with the events if those are in PostgreSQL, else SQLite under home.",
    )
    cache_s: float = Field(
        default=30.0,
        ge=0,
        description="Seconds a process trusts a key it has checked: a revoked key lives at most so long.",
    )
    issuer: str = Field(
        default="", description="OpenID issuer whose tokens people show, an https address; empty: none."
    )
    audience: str = Field(default="", description="Audience that its tokens must name.")
    tenant_claim: str = Field(default="tenant", description="Claim of a token that names the tenant.")
    roles_claim: str = Field(
        default="roles",
        description="Claim of a token with its roles: viewer, editor, approver, admin; none: a shopper.",
    )


class WebSettings(Section):
    """The page at `/`, the widget, the console, and which other sites may use the service from a browser."""

    enabled: bool = Field(default=True, description="Serve `/`, `/widget.js`, `/console` and the items' pictures.")
    title: str = Field(default="", description="The shop's name, in the header of the page.")
    shoppers: tuple[str, ...] = Field(
        default=(),
        description="Users whom every visitor of the page may try it as; for demonstrations only.",
    )
    picture_hosts: tuple[str, ...] = Field(
        default=(),
        description="Hosts, such as `cdn.shop.example`, from which the page and the widget may load pictures that a record names by "
        "address; of other records the picture in `catalogue.media_root` is shown.",
    )
    origins: tuple[str, ...] = Field(
        default=(),
        description="Origins, such as `https://shop.example`, whose pages may embed the widget and call the service; `*`: all.",
    )


class WebhookTarget(Section):
    """One address that is told what happens."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,64}$")] = Field(description="Its name in logs.")
    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)] = Field(description="Where to post.")
    secret: Annotated[SecretStr, Field(min_length=16)] = Field(description="What messages are signed with.")
    kinds: tuple[Literal["recommendation", "events"], ...] = Field(
        default=("recommendation", "events"), description="What it is told: lists that were shown, new events."
    )
    tenant: str = Field(default="", description="Of which shop; empty: of every one.")


class WebhookSettings(Section):
    """Who else is told what happens, by signed messages."""

    targets: tuple[WebhookTarget, ...] = Field(
        default=(), max_length=20, description="Addresses, each with `name`, `url`, `secret`, `kinds` and `tenant`."
    )
    hosts: tuple[str, ...] = Field(
        default=(),
        description="Hosts, as `host` or `host:port`, that may be called without https or on a private network.",
    )
    max_queued: int = Field(default=10_000, ge=1, description="Messages that wait on disk, at most; more are dropped.")
    max_attempts: int = Field(default=8, ge=1, description="Tries before a message is given up.")
    timeout_s: float = Field(default=5.0, gt=0, le=60, description="Seconds that an address may take.")


class TelemetrySettings(Section):
    """What leaves the process about its work; nothing personal is in it."""

    otlp_url: str = Field(
        default="",
        description="Where traces go by OTLP over HTTP, such as http://HOST:4318/v1/traces (extra telemetry); empty: nowhere.",
    )
    service: str = Field(default="tastemaker", description="Name of this service in traces.")
    logs: Literal["plain", "json"] = Field(
        default="plain", description="Form of the logs: lines of text, or JSON with ids."
    )
