"""Doors: HTTP, the protocols, the clients, the command line and the pages."""
