"""Invented shops of sorts that no word list was written for."""
