"""Reading the exports that shops have."""
