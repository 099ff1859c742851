"""MovieLens-100k."""
