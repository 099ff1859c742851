"""Explaining: the words of an answer and what they may claim."""
