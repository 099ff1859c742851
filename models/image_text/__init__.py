"""Texts and pictures into one space."""
