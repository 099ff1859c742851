"""The trained recommender."""
