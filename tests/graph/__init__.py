"""The graph: one turn, threads, and what happens when a part fails."""
