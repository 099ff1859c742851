"""Offline fits that use the graph's own lists."""
