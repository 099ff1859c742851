"""Requests in words and conversations, judged against typed ground truth over twelve catalogues."""
