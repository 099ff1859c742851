"""Draw a benchmark's figures as bars with 95 % intervals and the target as a line; SVG, the same bytes every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...core.errors import BackEndUnavailable
from .figures import Group, groups_of

MAX_PANELS = 8
OURS_COLOUR, OTHERS_COLOUR, TARGET_COLOUR = "#1b6ca8", "#b8bec4", "#c0392b"
BAR_INCHES, PANEL_INCHES, WIDTH_INCHES = 0.32, 1.0, 8.0
SETTINGS = {"svg.hashsalt": "tastemaker", "svg.fonttype": "none", "font.size": 9, "axes.titlesize": 10}


def draw(figures: Mapping[str, Any], out: Path) -> bool:
    """Write the plot of one benchmark to ``out``; return whether there was anything to compare.

    Raises:
        BackEndUnavailable: matplotlib, of the extra ``bench``, is missing.
    """
    panels = chosen(groups_of(figures))
    if not panels:
        return False
    mpl, canvas, new_figure = _matplotlib()
    heights = [PANEL_INCHES + BAR_INCHES * len(panel.figures) for panel in panels]
    with mpl.rc_context(SETTINGS):
        figure = new_figure(figsize=(WIDTH_INCHES, sum(heights)), layout="constrained")
        axes = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
        for axis, panel in zip(axes, panels, strict=True):
            _panel(axis, panel)
        figure.suptitle(str(figures["bench"]))
        out.parent.mkdir(parents=True, exist_ok=True)
        canvas(figure).print_svg(str(out), metadata={"Date": None})
    return True


def chosen(groups: Sequence[Group]) -> list[Group]:
    """Return the groups worth a panel: with intervals and something to compare first, then any comparison; at most ``MAX_PANELS``."""
    comparable = [group for group in groups if len(group.figures) > 1 and group.measure != "n"]
    sure = [group for group in comparable if any(figure.low is not None for figure in group.figures)]
    return (sure or comparable)[:MAX_PANELS]


def _panel(axis: Any, panel: Group) -> None:
    figures = panel.figures[::-1]
    places = range(len(figures))
    colours = [OURS_COLOUR if figure.ours else OTHERS_COLOUR for figure in figures]
    axis.barh(list(places), [figure.value for figure in figures], color=colours, height=0.7)
    for place, figure in zip(places, figures, strict=True):
        if figure.low is not None and figure.high is not None:
            axis.plot([figure.low, figure.high], [place, place], color="black", linewidth=1)
        end = max(figure.value, figure.high if figure.high is not None else figure.value)
        axis.annotate(f"{figure.value:.4g}", (end, place), (4, 0), textcoords="offset points", va="center")
    axis.set_yticks(list(places), [figure.label for figure in figures])
    axis.margins(x=0.12)
    axis.spines[["top", "right"]].set_visible(False)
    if panel.target is not None:
        axis.axvline(panel.target, color=TARGET_COLOUR, linestyle="--", linewidth=1)
    axis.set_title(panel.title, loc="left")


def draw_reliability(bins: Sequence[Mapping[str, float]], title: str, out: Path) -> None:
    """Write to ``out`` how often what was ``said`` with a probability was so (``forged``), beside the line where both are equal.

    Raises:
        BackEndUnavailable: matplotlib, of the extra ``bench``, is missing.
    """
    mpl, canvas, new_figure = _matplotlib()
    with mpl.rc_context(SETTINGS):
        figure = new_figure(figsize=(4.5, 4.5), layout="constrained")
        axis = figure.subplots()
        axis.plot([0, 1], [0, 1], color=TARGET_COLOUR, linestyle="--", linewidth=1)
        axis.plot([b["said"] for b in bins], [b["forged"] for b in bins], color=OURS_COLOUR, marker="o")
        for b in bins:
            axis.annotate(f"{b['photos']:.0f}", (b["said"], b["forged"]), (5, -9), textcoords="offset points")
        axis.set(xlim=(0, 1), ylim=(0, 1), xlabel="probability said", ylabel="share that was forged", title=title)
        axis.spines[["top", "right"]].set_visible(False)
        out.parent.mkdir(parents=True, exist_ok=True)
        canvas(figure).print_svg(str(out), metadata={"Date": None})


def _matplotlib() -> tuple[Any, Any, Any]:
    try:
        import matplotlib as mpl
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError as error:
        raise BackEndUnavailable('plots need matplotlib: pip install "tastemaker[bench]"', back_end="plots") from error
    return mpl, FigureCanvasSVG, Figure
