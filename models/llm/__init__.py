"""The language model's client."""
