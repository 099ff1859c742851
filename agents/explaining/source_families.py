"""Name the family of reasons that each candidate source and scorer gives."""

from __future__ import annotations

FAMILIES = {
    "text_vector": "words",
    "full_text": "words",
    "text_to_image": "picture",
    "image_vector": "photo",
    "image_to_text": "photo",
    "photo_and_words": "photo",
    "similar_to_shown": "anchor",
    "co_occurrence": "taste",
    "profile_vector": "profile",
    "popularity": "popular",
    "track": "sound",
    "stated_preferences": "stated",
    "exploration": "new",
    "new_items": "profile",
    "trend": "popular",
    "segments": "popular",
    "cooccurrence": "taste",
    "user_knn": "taste",
    "transitions": "taste",
    "graph": "profile",
    "als": "profile",
    "bpr": "profile",
    "ease": "profile",
    "sequential": "profile",
    "text-vectors": "profile",
    "titles": "profile",
    "other_domain": "elsewhere",
    "described": "described",
}
