"""A catalogue's own language: names, units, values and how people say them."""
