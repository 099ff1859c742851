"""The page at `/`, the widget that other pages embed, and the operator's console."""
