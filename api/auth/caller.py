"""Say who calls and what they may do: scopes, roles, and the checks of tenant and user that every door shares."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from typing import Annotated, Literal, get_args

from fastapi import Depends, Request

from ...core.errors import ForbiddenError, UnknownCallerError
from ...core.schemas import Frozen
from ...stores.api_keys import KeyLimits

Scope = Literal[
    "recommend",
    "feedback",
    "act_for_users",
    "read_users",
    "erase_users",
    "rules",
    "catalogue",
    "operate",
    "releases",
    "edit_releases",
    "approve_releases",
    "admin",
]
"""What may be allowed. ``act_for_users``: name any user in a request, as a shop's back end does; ``operate``: see metrics and health;
``releases``: see prompts and what else is released, ``edit_releases``: write versions and roll back, ``approve_releases``: approve, roll out, release.
"""
Role = Literal["viewer", "editor", "approver", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
SHOPPER: frozenset[Scope] = frozenset({"recommend", "feedback"})
"""What a person without a role may do, as themselves."""
_VIEWER: frozenset[Scope] = SHOPPER | {"act_for_users", "rules", "operate", "releases"}
_EDITOR: frozenset[Scope] = _VIEWER | {"catalogue", "edit_releases"}
ROLES: dict[Role, frozenset[Scope]] = {
    "viewer": _VIEWER,
    "editor": _EDITOR,
    "approver": _EDITOR | {"read_users", "erase_users", "approve_releases"},
    "admin": frozenset(SCOPES),
}
DEFAULT_TENANT = "default"


class Caller(Frozen):
    """Who calls: a key, or a person with a token; ``tenant`` is None only where no keys are asked for, ``name`` is what a key is called."""

    tenant: str | None
    subject: str
    name: str = ""
    kind: Literal["anybody", "key", "person"] = "key"
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[Scope] = frozenset()
    key_id: str | None = None
    limits: KeyLimits = KeyLimits()

    def may(self, scope: Scope) -> bool:
        """Tell whether the caller has a scope, by itself or as ``admin``."""
        return scope in self.scopes or "admin" in self.scopes

    def require(self, scope: Scope) -> None:
        """Check that the caller has a scope.

        Raises:
            ForbiddenError: it has not; names the scope.
        """
        if not self.may(scope):
            raise ForbiddenError(
                f"this needs the scope {scope}, which the key or token lacks", missing=f"scope {scope}"
            )

    def tenant_of(self, asked: str | None) -> str:
        """Return the tenant that a request is about: the caller's, whatever the request leaves out.

        Raises:
            ForbiddenError: the request names another.
        """
        if self.tenant is None:
            return asked or DEFAULT_TENANT
        if asked not in (None, self.tenant):
            raise ForbiddenError(
                "the tenant comes from the key or token; leave `tenant` out", missing="that tenant's key"
            )
        return self.tenant

    def user_of(self, asked: str | None) -> str | None:
        """Return the user that a request is of: a person is themselves, a key with ``act_for_users`` may name any.

        Raises:
            ForbiddenError: the request names somebody else.
        """
        if self.may("act_for_users"):
            return asked
        own = self.subject if self.kind == "person" else None
        if asked not in (None, own):
            raise ForbiddenError(
                "`user_id` names somebody else: this needs the scope act_for_users", missing="scope act_for_users"
            )
        return own

    def require_of_user(self, scope: Scope, user_id: str) -> None:
        """Check that the caller is this user, or has a scope.

        Raises:
            ForbiddenError: neither.
        """
        if not (self.kind == "person" and self.subject == user_id):
            self.require(scope)


ANYBODY = Caller(tenant=None, subject="anybody", kind="anybody", roles=frozenset({"admin"}), scopes=frozenset(SCOPES))
"""Who calls where no keys are asked for."""
CURRENT: ContextVar[Caller | None] = ContextVar("caller", default=None)
"""Who makes the request that this task answers; the gate sets it."""


def current_caller() -> Caller:
    """Return who makes the request that this task answers.

    Raises:
        UnknownCallerError: nobody was let in.
    """
    caller = CURRENT.get()
    if caller is None:
        raise UnknownCallerError("nobody was let in for this", missing="key")
    return caller


def caller_of(request: Request) -> Caller:
    """Return who makes a request: what routes depend on.

    Raises:
        UnknownCallerError: nobody was let in.
    """
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None:
        raise UnknownCallerError("nobody was let in for this", missing="key")
    return caller


CallerOf = Annotated[Caller, Depends(caller_of)]


def scopes_of(roles: Iterable[str]) -> frozenset[Scope]:
    """Return what roles allow; names that are no role of ours allow nothing."""
    allowed: frozenset[Scope] = frozenset()
    for role in roles:
        if role in get_args(Role):
            allowed |= ROLES[role]  # type: ignore[index]
    return allowed
