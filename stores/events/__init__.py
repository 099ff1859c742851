"""History and what is derived from it."""
