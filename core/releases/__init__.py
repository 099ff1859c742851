"""Releases: what decides without input or output."""
