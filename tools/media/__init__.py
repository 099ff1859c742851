"""Admit untrusted media."""
