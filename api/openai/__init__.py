"""The OpenAI-compatible door: chat completions and the list of models."""
