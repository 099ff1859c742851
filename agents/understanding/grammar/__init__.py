"""The grammar: segments of a sentence into bounds, wishes, refusals and an order."""
