"""Business rules as data."""
