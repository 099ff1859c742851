"""Opinions of a language model."""
