"""Which question is worth asking."""
