"""Trust: what of a request and of an item is believed."""
