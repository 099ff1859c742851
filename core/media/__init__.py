"""Containers, vectors of several media, corrections."""
