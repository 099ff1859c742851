"""Figures, plots, page."""
