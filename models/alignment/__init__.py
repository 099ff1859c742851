"""Teach that space a shop's pictures."""
