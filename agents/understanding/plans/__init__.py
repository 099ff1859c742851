"""Wishes for several things: their parts, their total, and the route they take."""
