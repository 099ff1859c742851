"""Hand cases and prompts to other tools and take theirs: the formats of promptfoo and Langfuse."""
