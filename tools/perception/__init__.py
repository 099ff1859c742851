"""Media into evidence."""
