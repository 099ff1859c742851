"""Draw a trust report as one HTML page that needs nothing else: pictures, maps, boxes, reasons, methods and their limits."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

from ..core.media.trust_report import ExaminedMedium, TrustReport
from ..core.schemas import Check
from .trust_names import compared_files, with_file_names

SHOWN_PX = 720
ACTIONS = {
    "block": "refused",
    "keep_out": "left out",
    "lower": "counts for less",
    "ask": "counts for less until you say whether it should",
    "label": "told, and counts all the same",
}
MAX_SHIFT_S = 2.0
WORDS = {
    "conflict": "Something does not hold",
    "verified": "Verified",
    "no evidence": "No evidence either way",
}
STYLE = """
:root{color-scheme:light dark;--ink:#1d1d1f;--soft:#6e6e73;--line:#d9d9de;--ground:#fff;--card:#f7f7f9;--bad:#b3261e;--good:#1a7f4b}
@media(prefers-color-scheme:dark){:root{--ink:#f2f2f4;--soft:#a1a1a8;--line:#3a3a40;--ground:#161618;--card:#1f1f23;--bad:#ff8a80;--good:#6fdc9e}}
*{box-sizing:border-box}body{margin:0 auto;max-width:62rem;padding:2.5rem 1.25rem;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
h1{font-size:1.6rem;margin:0 0 .25rem}h2{font-size:1.1rem;margin:0}p{margin:.25rem 0}.soft{color:var(--soft)}
article{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:1.25rem;margin:1.25rem 0}
.state{display:inline-block;border-radius:99px;padding:.1rem .7rem;font-size:.85rem;border:1px solid currentColor;color:var(--soft)}
.conflict{color:var(--bad)}.verified{color:var(--good)}
.pictures{display:flex;flex-wrap:wrap;gap:1rem;margin:1rem 0}.pictures figure{margin:0;flex:1 1 16rem;max-width:28rem}
.frame{position:relative;line-height:0}.frame img{width:100%;border-radius:8px;display:block}.frame i{position:absolute;border:3px solid #ff3b30;border-radius:4px}
figcaption{font-size:.85rem;color:var(--soft);padding-top:.4rem}
summary{cursor:pointer;color:var(--soft);padding-top:.75rem}.line{position:relative;height:1.6rem;max-width:28rem;margin:.6rem 0 1.4rem;border-bottom:2px solid var(--line)}
.line i{position:absolute;bottom:-6px;width:10px;height:10px;margin-left:-5px;border-radius:50%;background:var(--soft)}.line i.conflict{background:var(--bad)}.line i.verified{background:var(--good)}
.line span{position:absolute;top:1.8rem;transform:translateX(-50%);font-size:.8rem;color:var(--soft);white-space:nowrap}
dl{margin:.5rem 0 0}dt{font-weight:600;margin-top:.75rem}dd{margin:0}small{color:var(--soft)}
"""


def trust_page(report: TrustReport, files: Sequence[Path], text: str = "") -> str:
    """Return the page; ``files`` are the media of ``report`` in its order, shown where they are photos that can be decoded."""
    report = with_file_names(report, files)
    media = "".join(_medium(medium, file) for medium, file in zip(report.media, files, strict=True))
    pairs = (
        f"<article><h2>Compared with each other</h2>{_checks(report.pairs, files=files)}</article>"
        if report.pairs
        else ""
    )
    effects = "".join(
        f"<li>{_name(effect.check)} ({escape(', '.join(effect.about))}): <b>{escape(ACTIONS[effect.action])}</b></li>"
        for effect in report.effects
    )
    policy = f"<article><h2>What the shop's policy makes of it</h2><ul>{effects}</ul></article>" if effects else ""
    missing = "".join(f"<p class=conflict>Without {escape(d.what)}: {escape(d.why)}</p>" for d in report.degraded)
    words = f"<p class=soft>Compared with the text “{escape(text)}”.</p>" if text else ""
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Trust report</title><style>{STYLE}</style><h1>Trust report</h1>"
        f"<p class='{report.state.split(maxsplit=1)[0]}'><b>{escape(WORDS[report.state])}</b></p>{words}{missing}{media}{pairs}{policy}"
        "<p class=soft>No credential and no trace is evidence of nothing: most honest files carry neither. A conflict is a reason to look, "
        "not a proof.</p></html>"
    )


def _medium(medium: ExaminedMedium, file: Path) -> str:
    head = f"<h2>{escape(file.name)} {_state(medium.state)}</h2>"
    pictures = _pictures(medium, file) if medium.kind == "image" else ""
    return (
        f"<article>{head}{_together(medium)}{pictures}{_checks(medium.checks, unfolded=bool(medium.map_png))}</article>"
    )


def _together(medium: ExaminedMedium) -> str:
    """Say how surely a photo was forged, by all methods together."""
    if medium.forged_probability is None:
        return ""
    return (
        f"<p>Taken together, the traces are those of a forged photo with a probability of <b>{medium.forged_probability:.0%}</b> "
        "<span class=soft>(calibrated where half of the photos are forged; among a shop's own it is lower)</span></p>"
    )


def _pictures(medium: ExaminedMedium, file: Path) -> str:
    shown = _thumbnail(file)
    if not shown:
        return "<p class=soft>The picture cannot be shown.</p>"
    boxes = "".join(_box(c.region) for c in medium.checks if c.state == "conflict" and c.region)
    figures = [
        f"<figure><div class=frame><img alt='The photo' src='data:image/jpeg;base64,{shown}'>{boxes}</div><figcaption>As sent</figcaption></figure>"
    ]
    if medium.map_png:
        image = f"<img alt='Map of suspicion' style='aspect-ratio:{_aspect(file)}' src='data:image/png;base64,{medium.map_png}'>"
        figures.append(
            f"<figure><div class=frame>{image}</div><figcaption>Bright: where a method found something</figcaption></figure>"
        )
    return f"<div class=pictures>{''.join(figures)}</div>"


def _box(region: tuple[float, float, float, float]) -> str:
    left, top, width, height = (f"{share:.1%}" for share in region)
    return f"<i style='left:{left};top:{top};width:{width};height:{height}'></i>"


def _thumbnail(file: Path) -> str:
    """Return a photo as base64 of a JPEG of at most ``SHOWN_PX`` a side; empty where it cannot be decoded here."""
    try:
        with Image.open(file) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError):
        return ""
    upright.thumbnail((SHOWN_PX, SHOWN_PX))
    out = BytesIO()
    upright.save(out, "JPEG", quality=85)
    return base64.b64encode(out.getvalue()).decode("ascii")


def _aspect(file: Path) -> str:
    with Image.open(file) as image:
        width, height = ImageOps.exif_transpose(image).size
    return f"{width}/{height}"


def _checks(checks: Sequence[Check], *, unfolded: bool = False, files: Sequence[Path] = ()) -> str:
    """List what was found, with those of ``files`` that it is about; what found nothing is folded away, unless a map needs its words."""
    found = "".join(_check(check, files) for check in checks if check.state != "no evidence")
    nothing = [check for check in checks if check.state == "no evidence"]
    if not nothing:
        return f"<dl>{found}</dl>"
    names = ", ".join(dict.fromkeys(_name(check.check) for check in nothing))
    more = "".join(_check(check, files) for check in nothing)
    folded = f"<details{' open' if unfolded else ''}><summary>No evidence either way: {names}</summary><dl>{more}</dl></details>"
    return (f"<dl>{found}</dl>" if found else "") + folded


def _check(check: Check, files: Sequence[Path] = ()) -> str:
    source = f"<br><small>{escape(check.source)}. {escape(check.limits)}</small>" if check.source else ""
    shift = "" if check.shift_s is None else _timeline(check.shift_s, check.state)
    about = compared_files(check, files)
    told = f" <span class=soft>{escape(about)}</span>" if about else ""
    return f"<dt>{_name(check.check)}{told} {_state(check.state)}</dt><dd>{escape(check.reason)}{shift}{source}</dd>"


def _timeline(shift_s: float, state: str) -> str:
    """Draw by how much the sound comes earlier (left) or later (right) than the picture."""
    place = 50 + 50 * max(-1.0, min(1.0, shift_s / MAX_SHIFT_S))
    marks = f"<span style='left:50%'>picture</span><i style='left:50%'></i><i class={state.split(maxsplit=1)[0]} style='left:{place:.1f}%'></i>"
    sound = f"<span style='left:{place:.1f}%;top:-.2rem'>sound {shift_s:+.2f} s</span>"
    return f"<div class=line role=img aria-label='Sound {shift_s:+.2f} seconds from the picture'>{marks}{sound}</div>"


def _name(check: str) -> str:
    return escape(check.replace("_", " "))


def _state(state: str) -> str:
    return f"<span class='state {state.split(maxsplit=1)[0]}'>{escape(state)}</span>"
