"""Prompt, output schema and language model: understanding, composing, deliberating, and the embeddable façade."""
