"""The product managers' folder: Markdown prompts with YAML front matter, no logic."""
