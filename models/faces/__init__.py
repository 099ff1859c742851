"""Find faces and their points in pictures."""
