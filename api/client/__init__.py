"""Client of the HTTP door."""
