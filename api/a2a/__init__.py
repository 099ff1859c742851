"""Speak A2A, the protocol by which agents ask agents."""
