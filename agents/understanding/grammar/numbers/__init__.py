"""Numbers in a request: an amount, what compares it, the field it is about, and the condition that it makes."""
