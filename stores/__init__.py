"""Catalogue, history, thread and prompt-release storage."""
