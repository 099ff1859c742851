"""Measure the check of sentences on labelled sentences: false ones let through, and true ones refused.

``sentences_dev.jsonl`` and ``sentences_held_out.jsonl`` hold records of made-up catalogues; each has true and false
sentences as a model might write them, most of the false ones the opposite of a denial in the record. A held-out set that was looked
at joins the dev set and is replaced by a fresh one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ...agents.explaining.sentence_check import check_words
from ...core.schemas import Brief, Evidence, Item, RankedItem, Understanding

DATA = Path(__file__).parent / "data"
SETS = ("dev", "held_out")


def measure(name: str) -> dict[str, Any]:
    """Return counts and the sentences that were judged wrongly, with the check's reason."""
    counts = {"true": 0, "false": 0}
    wrong: dict[str, list[str]] = {"false_accepts": [], "false_rejects": []}
    for line in (DATA / f"sentences_{name}.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        brief, item = _brief(record)
        for label in ("true", "false"):
            for sentence in record[label]:
                counts[label] += 1
                problem = check_words(sentence, item, brief, ())
                if label == "true" and problem:
                    wrong["false_rejects"].append(f"{item.title}: {sentence} [{problem}]")
                if label == "false" and not problem:
                    wrong["false_accepts"].append(f"{item.title}: {sentence}")
    return {
        "true_sentences": counts["true"],
        "false_sentences": counts["false"],
        "false_accepts": len(wrong["false_accepts"]),
        "false_rejects": len(wrong["false_rejects"]),
        "false_reject_share": round(len(wrong["false_rejects"]) / counts["true"], 3),
        "wrong": wrong,
    }


def _brief(record: dict[str, Any]) -> tuple[Brief, Item]:
    item = Item(item_id="1", title=record["title"], text=record["text"], attributes=record["attributes"])
    asked = record["asked"]
    said = Evidence(evidence_id="text-1", kind="text", source="request", content=asked, confidence=1)
    brief = Brief(
        text=asked,
        evidence=(said,),
        understanding=Understanding(query=asked),
        items=(RankedItem(item=item, rank=1, score=1.0),),
        price_field="price",
        price_unit="EUR",
    )
    return brief, item
