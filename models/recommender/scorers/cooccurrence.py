"""Score items by how often users wanted them together with the user's last items."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from ....core.learning.interactions import Floats, Interactions, ItemTable
from .base import Progress, silent
from .links import CHUNK_ROWS, Linked, Links

NEIGHBOURS = 400
DAMPING = 5.0
"""Added to both counts of the cosine, so that rare items do not come first for having met once."""


class CoOccurrence(Linked):
    """Damped cosine between items' columns of users' weights (Sarwar et al. 2001), later items of the user counting for more.

    A user with many items says less about each pair, so a user's row is divided by the logarithm of its length (as in Adamic
    and Adar 2003). Kept are the ``NEIGHBOURS`` strongest of each item; the products are made ``CHUNK_ROWS`` items at a time.
    """

    name = "cooccurrence"
    last, decay = 20, 0.9

    def fit(self, items: ItemTable, events: Interactions, progress: Progress = silent) -> Self:
        """Count the pairs."""
        from scipy import sparse

        wanted = events.weight > 0
        size = np.bincount(events.user[wanted], minlength=events.n_users)
        share = events.weight[wanted] / np.sqrt(np.log(2.0 + size[events.user[wanted]]))
        shape = (events.n_users, len(items))
        users = sparse.csr_matrix((share, (events.user[wanted], events.item[wanted])), shape=shape, dtype=np.float32)
        across = users.T.tocsr()
        norm = np.sqrt(np.asarray(users.multiply(users).sum(axis=0)).reshape(-1) + DAMPING).astype(np.float32)
        self._links = joined(across, users, norm, lambda done: progress(self.name, done))
        return self


def joined(across: Any, users: Any, norm: Floats, progress: Any) -> Links:
    """Return the strongest cosines of ``across`` (n, users) x ``users`` (users, n), an item with itself left out."""
    from scipy import sparse

    parts, n = [], across.shape[0]
    scale = sparse.diags(1.0 / norm)
    for start in range(0, n, CHUNK_ROWS):
        block = across[start : start + CHUNK_ROWS] @ users @ scale
        block = sparse.diags(1.0 / norm[start : start + CHUNK_ROWS]) @ block
        block = block.tocoo()
        other = block.col != block.row + start
        block = sparse.csr_matrix((block.data[other], (block.row[other], block.col[other])), shape=block.shape)
        parts.append(Links.strongest(block, NEIGHBOURS))
        progress(min(1.0, (start + CHUNK_ROWS) / n))
    sizes = np.concatenate([np.diff(part.start) for part in parts])
    return Links(
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        np.concatenate([part.target for part in parts]),
        np.concatenate([part.weight for part in parts]),
    )
