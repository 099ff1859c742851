"""Which field a number is about, and how an amount is told in its units."""
