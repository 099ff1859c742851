"""Run versions over frozen cases, replay what was answered, and search for better wordings."""
