"""The verdicts: what a clause says for, against or merely about the values in it."""
