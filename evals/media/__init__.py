"""Vision and speech."""
