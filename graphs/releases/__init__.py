"""Versions of prompts, phrases, rules and weights: checked, released to some or all, rolled back."""
