"""A later turn of a thread: what it does, which shown items it points at, what it changes."""
