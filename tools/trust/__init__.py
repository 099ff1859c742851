"""Examine media for forgery: one file a method, one report of three states."""
