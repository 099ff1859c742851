"""Candidates into a list."""
