"""The question to the sources, fusion, spread, choice, why-not."""
