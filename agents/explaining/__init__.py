"""Reasons, and the check of every sentence."""
