"""What bounds a number: its comparison, the not that turns it round, its neighbours, and the bounds that come of it."""
