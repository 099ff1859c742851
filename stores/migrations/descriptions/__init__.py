"""The words that a language model wrote about items and tastes."""
