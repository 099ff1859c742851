"""Measure the words of an answer: the check of sentences, and what is rendered."""
