"""The studio: prompts, releases, evaluations and trials."""
