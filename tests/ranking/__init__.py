"""Ranking: who proposes items, and what moves them."""
