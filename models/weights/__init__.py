"""Pinned files."""
