"""Latency, cost, promises."""
