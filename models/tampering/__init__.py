"""Tell spliced photos by their grain: features of small cells, a boosted model over them, and what it is trained on."""
