"""Scorers: what recommends, one file each; ``listing.SCORERS`` names them all."""
