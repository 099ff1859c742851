"""Typed async tools that turn media or identifiers into evidence or candidates; they know nothing of LangGraph."""
