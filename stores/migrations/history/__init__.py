"""Events, what was shown, and remembered preferences."""
