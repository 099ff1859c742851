"""Events, held-out data, weights, exposures."""
