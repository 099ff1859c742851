"""Training: what is learnt of a shop, and how it is kept and served."""
