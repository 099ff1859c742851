"""Check Content Credentials (C2PA): who signed a file, and whether it was changed since. No network, ever."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

from ...core.errors import ToolError
from ...core.schemas import Check, MediaFile, VerdictState
from ..media.sandbox import run_worker

WORKER = Path(__file__).with_name("content_credentials_worker.py")
TIMEOUT_S = 10.0
MARKERS = (b"c2pa", b"jumb", b"provenance")
MAX_NAME = 80
_TAMPERED = re.compile(r"\.mismatch$|^signingCredential\.ocsp\.revoked$|^signingCredential\.revoked$")
_WHY = (
    ("Hash.mismatch", "the content was changed after it was signed"),
    ("hashedURI.mismatch", "a signed statement about it was changed"),
    ("claimSignature.mismatch", "its signature, or that of something it was made from, does not match"),
    ("revoked", "the signer's certificate was revoked"),
)


async def read_credentials(media: MediaFile, *, trust_anchors: Path | None = None) -> Check:
    """Return whether ``media`` is as its signer left it, by c2pa-python.

    ``verified``: an intact manifest; the reason names the signer and says whether ``trust_anchors`` (a PEM file of root
    certificates) vouches for it. ``conflict``: contents or signatures do not match. ``no evidence``: no manifest, one kept
    elsewhere (never fetched), or one that cannot be read. Files without any trace of a manifest are answered without starting
    the native library; the others are read in a process of their own, so that a hostile one cannot end ours.

    Raises:
        ToolError: the file is gone or no process could be started.
    """
    path = media.sent_path or media.path
    if not await asyncio.to_thread(_has_trace, path):
        return _check(media, "no evidence", "It carries no Content Credentials.")
    job = {"path": path, "mime": media.mime, "trust_anchors": str(trust_anchors) if trust_anchors else None}
    facts = await run_worker(WORKER, job, timeout_s=TIMEOUT_S)
    if "state" not in facts:
        return _check(media, "no evidence", _unread(str(facts.get("error", ""))))
    return judge(media, facts)


def judge(media: MediaFile, facts: dict[str, Any]) -> Check:
    """Turn what the library found into a check; ``facts`` holds state, codes, signer, time and generated."""
    signer, state = _plain(str(facts["signer"])) or "an unnamed signer", str(facts["state"])
    if state in {"Valid", "Trusted"}:
        trust = "a trusted signer" if state == "Trusted" else "a signer that no trust list here vouches for"
        when = f" on {_plain(str(facts['time']))[:10]}" if facts["time"] else ""
        made = " It says that it was made by generative AI." if facts["generated"] else ""
        return _check(media, "verified", f"Content Credentials are intact, signed by {signer}{when}, {trust}.{made}")
    tampered = [code for code in facts["codes"] if _TAMPERED.search(code)]
    if not tampered:
        codes = ", ".join(_plain(code) for code in facts["codes"][:3]) or "no reason given"
        return _check(media, "no evidence", f"Its Content Credentials are not valid ({codes}).")
    why = next((words for part, words in _WHY if any(part in code for code in tampered)), "they do not match it")
    return _check(media, "conflict", f"Content Credentials by {signer} do not hold: {why}.")


def _has_trace(path: str) -> bool:
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ToolError(f"the file of {Path(path).name} is gone") from error
    return any(marker in data for marker in MARKERS)


def _unread(error: str) -> str:
    if error.startswith("ManifestNotFound"):
        return "It carries no Content Credentials."
    if error.startswith("Remote"):
        return "Its Content Credentials are kept elsewhere and were not fetched."
    return "Its Content Credentials could not be read."


def _plain(text: str) -> str:
    """Keep a name from a file as short, printable data."""
    return "".join(c for c in text if c.isprintable())[:MAX_NAME].strip()


def _check(media: MediaFile, state: VerdictState, reason: str) -> Check:
    return Check(check="content_credentials", state=state, reason=reason, about=(media.media_id,))
