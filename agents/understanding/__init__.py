"""Sentence into query, limits, intent, route."""
