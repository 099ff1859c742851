"""Keep frozen cases, runs over them with every outcome, and traces that can be replayed."""
