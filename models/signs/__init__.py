"""A trained second opinion on signs: whether a value that a text names is wanted, refused, or neither."""
