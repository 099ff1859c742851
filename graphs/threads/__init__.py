"""Conversation store."""
