"""Turn interactions into sparse matrices and catalogue arrays that may grow after training."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core.learning.interactions import Floats, Interactions, UserState
from .base import Arrays


def wanted(events: Interactions) -> Any:
    """Return a CSR matrix of shape (n_users, n_items): the highest weight of each pair, dislikes left out."""
    from scipy.sparse import csr_matrix

    keep = events.weight > 0
    user, item, weight = events.user[keep].astype(np.int64), events.item[keep], events.weight[keep]
    keys, inverse = np.unique(user * events.n_items + item, return_inverse=True)
    highest = np.zeros(len(keys), dtype=np.float32)
    np.maximum.at(highest, inverse, weight)
    place = (keys // max(events.n_items, 1), keys % max(events.n_items, 1))
    return csr_matrix((highest, place), shape=(events.n_users, events.n_items), dtype=np.float32)


def profile(user: UserState, n_items: int) -> tuple[NDArray[np.int32], Floats]:
    """Return the user's distinct items below row ``n_items`` and the highest weight of each."""
    known = user.items < n_items
    items, inverse = np.unique(user.items[known], return_inverse=True)
    weights = np.zeros(len(items), dtype=np.float32)
    np.maximum.at(weights, inverse, user.weights[known])
    return items.astype(np.int32), weights


def pack(matrix: Any, name: str) -> Arrays:
    """Return a CSR matrix as arrays whose names begin with ``name``."""
    return {
        f"{name}_data": matrix.data,
        f"{name}_indices": matrix.indices,
        f"{name}_indptr": matrix.indptr,
        f"{name}_shape": np.array(matrix.shape, dtype=np.int64),
    }


def unpack(arrays: Arrays, name: str, n_columns: int | None = None) -> Any:
    """Return the CSR matrix that ``pack`` took apart, widened to ``n_columns`` where it has fewer."""
    from scipy.sparse import csr_matrix

    rows, columns = (int(n) for n in arrays[f"{name}_shape"])
    parts = (arrays[f"{name}_data"], arrays[f"{name}_indices"], arrays[f"{name}_indptr"])
    return csr_matrix(parts, shape=(rows, max(columns, n_columns or 0)))


def widen(rows: NDArray[Any], n: int, fill: float) -> NDArray[Any]:
    """Return ``rows`` with at least ``n`` rows, new ones filled with ``fill``."""
    missing = n - len(rows)
    if missing <= 0:
        return rows
    return np.concatenate([rows, np.full((missing, *rows.shape[1:]), fill, dtype=rows.dtype)])


def one_thread() -> Any:
    """Return a context in which BLAS uses one thread, as `implicit` asks, and which makes a seed give one result."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, "blas")
