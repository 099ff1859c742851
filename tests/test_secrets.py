"""No secret is committed: no private key, no provider's token, no API key of ours, in any tracked file."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tastemaker.api.auth.keys import new_key, split_key

ROOT = Path(__file__).resolve().parent.parent
SECRETS = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}"),
    "AWS key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "GitHub token": re.compile(r"\bgh[opsur]_[A-Za-z0-9]{36}\b"),
    "model provider's key": re.compile(r"\bsk-(?:proj-|ant-)?[A-Za-z0-9_-]{32,}\b"),
    "hub token": re.compile(r"\bhf_[A-Za-z0-9]{30,}\b"),
    "Slack token": re.compile(r"\bxox[abps]-[0-9A-Za-z-]{20,}"),
    "JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}"),
    "password in an address": re.compile(
        r"\b(?:postgres(?:ql)?(?:\+\w+)?|mysql|redis|amqp)://\w+:(?!\$|\*|secret|x@)[^\s@/{}<$]{6,}@(?!host)\w"
    ),
}
HINTS = ("PRIVATE KEY", "AKIA", "gh", "sk-", "hf_", "xox", "eyJ", "://")
"""What the text of each kind holds, in their order: found in a hundredth of the time of its pattern."""
INVENTED = {"tests/doors/test_public.py"}
"""Holds secrets made up for the test of hiding them."""
OURS = re.compile(r"\btm_[A-Za-z0-9]{12}_[A-Za-z0-9]{38}\b")


def tracked() -> list[Path]:
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=60).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no git checkout")
    return [ROOT / name for name in listed.decode().split("\0") if name]


def secrets_in(text: str) -> list[str]:
    kinds = zip(SECRETS.items(), HINTS, strict=True)
    found = [name for (name, pattern), hint in kinds if hint in text and pattern.search(text)]
    return [*found, *("API key of ours" for key in (OURS.findall(text) if "tm_" in text else ()) if split_key(key))]


def test_no_tracked_file_holds_a_secret() -> None:
    held = {}
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if name not in INVENTED and path.is_file() and not path.is_symlink() and path.stat().st_size < 2_000_000:
            text = path.read_bytes().decode("utf-8", "ignore")
            if names := secrets_in(text):
                held[name] = names
    assert held == {}


def test_secrets_are_recognised() -> None:
    made = [
        "AKIA" + "ABCDEFGH23456789",
        "ghp_" + "a1" * 18,
        "sk-" + "a1b2" * 10,
        "hf_" + "Ab1" * 11,
        "xoxb-" + "1234567890-" * 3,
    ]
    made += ["-----BEGIN RSA " + "PRIVATE KEY-----\n" + "A" * 64, "postgresql://tm:" + "hunter22@db/x", new_key()[1]]
    assert all(len(secrets_in(f"x = '{secret}'")) == 1 for secret in made)
