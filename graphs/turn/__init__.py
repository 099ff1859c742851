"""State and turn."""
