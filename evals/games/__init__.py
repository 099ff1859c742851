"""Amazon Video Games."""
