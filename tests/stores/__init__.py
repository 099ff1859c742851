"""Stores: files that come in, what is kept, and what is forgotten."""
