"""Read one file's Content Credentials in a process of its own; run by ``tools/trust/content_credentials.py``, never imported.

Takes one JSON object as its only argument and prints one. Remote manifests, revocation lists and time-stamp services are never
asked: every fetch is switched off.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import c2pa


def main() -> None:
    """Run the job given as the first argument and print its result."""
    job: dict[str, Any] = json.loads(sys.argv[1])
    try:
        with (
            open(job["path"], "rb") as stream,
            c2pa.Context.from_dict(_settings(job)) as context,
            c2pa.Reader(job["mime"], stream, context=context) as reader,
        ):
            result = _facts(reader)
    except c2pa.C2paError as error:
        result = {"error": str(error)}
    except (OSError, ValueError, LookupError) as error:
        result = {"error": type(error).__name__}
    sys.stdout.write(json.dumps(result))


def _settings(job: dict[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "verify": {
            "remote_manifest_fetch": False,
            "ocsp_fetch": False,
            "verify_trust": True,
        }
    }
    if job.get("trust_anchors"):
        settings["trust"] = {"trust_anchors": Path(job["trust_anchors"]).read_text(encoding="utf-8")}
    return settings


def _facts(reader: Any) -> dict[str, Any]:
    store = json.loads(reader.json())
    manifest = store.get("manifests", {}).get(store.get("active_manifest"), {})
    signature = manifest.get("signature_info") or {}
    actions = json.dumps([a for a in manifest.get("assertions", []) if a.get("label", "").startswith("c2pa.actions")])
    return {
        "state": str(reader.get_validation_state()),
        "codes": [row.get("code", "") for row in store.get("validation_status") or []],
        "signer": signature.get("issuer") or signature.get("common_name") or "",
        "time": signature.get("time") or "",
        "generated": "trainedAlgorithmicMedia" in actions,
    }


if __name__ == "__main__":
    main()
