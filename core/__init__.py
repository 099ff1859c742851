"""Shared vocabulary: schemas, errors, settings and pure ranking and text helpers. Imports nothing of ours."""
