"""Rank films with what users would otherwise take: popularity, ItemKNN, EASE, ALS, BPR, LightFM and SASRec.

Each baseline learns from the same ratings as ours and answers for the same histories. Their settings were chosen on each user's
last liked film before the one reported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.learning.interactions import Interactions, ItemTable, UserState
from ...models.recommender.scorers.als import Als
from ...models.recommender.scorers.base import Scorer
from ...models.recommender.scorers.bpr import Bpr
from ...models.recommender.scorers.matrix import one_thread, profile, wanted
from ...models.recommender.scorers.popularity import Popularity
from .sasrec import train_sasrec

Score = Callable[[int, UserState], NDArray[Any]]
"""Return the score of every film for a user, shape (n_items,)."""
Fit = Callable[[ItemTable, Interactions, int], Score]
KNN_NEIGHBOURS = 100
EASE_L2 = 200.0
LIGHTFM_EPOCHS = 30


def popularity(items: ItemTable, events: Interactions, seed: int) -> Score:
    """Count the events of each item."""
    return _of(Popularity().fit(items, events), len(items))


def item_knn(items: ItemTable, events: Interactions, seed: int) -> Score:
    """Sum TF-IDF cosines of neighbouring items, by `implicit`."""
    from implicit.nearest_neighbours import ItemItemRecommender, normalize, tfidf_weight

    with one_thread():
        model = ItemItemRecommender(K=KNN_NEIGHBOURS, num_threads=1)
        weighted = tfidf_weight(wanted(events).T.tocsr())
        model.fit(normalize(weighted).T.tocsr(), show_progress=False)
    return _by_similarity(model.similarity, events.n_items)


def ease(items: ItemTable, events: Interactions, seed: int) -> Score:
    """Solve for a linear autoencoder over all films (Steck, WWW 2019)."""
    matrix = wanted(events).astype(np.float64)
    gram = np.asarray((matrix.T @ matrix).todense())
    inverse = np.linalg.inv(gram + EASE_L2 * np.eye(len(gram)))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return _by_similarity(weights, events.n_items)


def als(items: ItemTable, events: Interactions, seed: int) -> Score:
    """Factorise by alternating least squares, by `implicit`."""
    return _of(Als(seed=seed).fit(items, events), len(items))


def bpr(items: ItemTable, events: Interactions, seed: int) -> Score:
    """Factorise by pairwise ranking, by `implicit`; the user's own factors, not folded-in ones."""
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    like = Bpr()
    with one_thread():
        model = BayesianPersonalizedRanking(
            factors=like.factors,
            learning_rate=like.learning_rate,
            regularization=like.regularization,
            iterations=like.iterations,
            num_threads=1,
            random_state=seed,
        )
        model.fit(wanted(events), show_progress=False)
    return lambda user, _: np.asarray(model.item_factors @ model.user_factors[user])


def lightfm(items: ItemTable, events: Interactions, seed: int) -> Score:
    """Factorise users, with their context, and films, with genres and year, by WARP (Kula 2015).

    Raises:
        ImportError: neither `lightfm` nor its maintained fork `lightfm-next` is installed.
    """
    from lightfm import LightFM
    from scipy.sparse import csr_matrix, hstack, identity

    from ...models.recommender.scorers.attributes import attribute_matrix
    from ...models.recommender.scorers.segments import labels_of

    labels = [labels_of(context) for context in events.user_context]
    names = sorted({label for known in labels for label in known})
    context = csr_matrix([[float(name in known) for name in names] for known in labels])
    films = hstack([identity(len(items)), attribute_matrix(items)[0]]).tocsr().astype(np.float32)
    users = hstack([identity(events.n_users), context]).tocsr().astype(np.float32)
    matrix = wanted(events)
    model = LightFM(no_components=64, loss="warp", random_state=seed)
    model.fit(matrix, user_features=users, item_features=films, epochs=LIGHTFM_EPOCHS, num_threads=1)
    bias, factors = model.get_item_representations(films)
    _, people = model.get_user_representations(users)
    return lambda user, _: np.asarray(factors @ people[user] + bias)


def logistic(items: ItemTable, events: Interactions, seed: int) -> Score:
    """Factorise by logistic loss (Johnson 2014), by `implicit`: stands in for LightFM where that cannot be installed."""
    from implicit.cpu.lmf import LogisticMatrixFactorization

    with one_thread():
        model = LogisticMatrixFactorization(factors=30, iterations=60, num_threads=1, random_state=seed)
        model.fit(wanted(events), show_progress=False)
    return lambda user, _: np.asarray(model.item_factors @ model.user_factors[user])


def sasrec(items: ItemTable, events: Interactions, seed: int) -> Score:
    """Train SASRec. Raises ImportError where torch is missing."""
    ask = train_sasrec(events, seed)
    return lambda _, state: ask(state.items)


BASELINES: Mapping[str, Fit] = {
    "popularity": popularity,
    "item-knn": item_knn,
    "ease": ease,
    "als": als,
    "bpr": bpr,
    "lightfm": lightfm,
    "sasrec": sasrec,
}


def _of(scorer: Scorer, n_items: int) -> Score:
    every = np.arange(n_items, dtype=np.int32)
    return lambda _, state: scorer.score(state, every)


def _by_similarity(similarity: Any, n_items: int) -> Score:
    def ask(_: int, state: UserState) -> NDArray[Any]:
        rows, weights = profile(state, n_items)
        return np.asarray(weights.astype(np.float64) @ similarity[rows]).reshape(-1)

    return ask
