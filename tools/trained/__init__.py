"""Train, keep and serve versions."""
