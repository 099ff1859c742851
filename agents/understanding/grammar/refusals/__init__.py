"""Read what is not wanted: how far a refusal reaches, before and after the value, and what of it no field can say."""
