"""Reading: what is said and what is understood of it."""
