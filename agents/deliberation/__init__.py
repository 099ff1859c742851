"""Sets, plans, comparisons."""
