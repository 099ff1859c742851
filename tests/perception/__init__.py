"""Perception: photos, voices and videos become evidence."""
