"""Sound into words."""
