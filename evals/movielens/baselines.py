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

Score = Callable[[int, UserState], NDArray[Any]]
"""Return the score of every film for a user, shape (n_items,)."""
Fit = Callable[[ItemTable, Interactions, int], Score]
KNN_NEIGHBOURS = 100
EASE_L2 = 200.0
LIGHTFM_EPOCHS = 30
LENGTH = 50
WIDTH = 64
DROPOUT = 0.3
EPOCHS = 60
BATCH = 64
RATE = 1e-3
IGNORED = -100
Ask = Callable[[NDArray[Any]], NDArray[Any]]


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


def _of(scorer: Scorer, n_items: int) -> Score:
    every = np.arange(n_items, dtype=np.int32)
    return lambda _, state: scorer.score(state, every)


def _by_similarity(similarity: Any, n_items: int) -> Score:
    def ask(_: int, state: UserState) -> NDArray[Any]:
        rows, weights = profile(state, n_items)
        return np.asarray(weights.astype(np.float64) @ similarity[rows]).reshape(-1)

    return ask


def train_sasrec(events: Interactions, seed: int, epochs: int = EPOCHS) -> Ask:
    """Return a function from a user's items, oldest first, to a score of every item, shape (n_items,).

    Raises:
        ImportError: torch is missing.
    """
    import torch

    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = _network(events.n_items)
    forward = _forward(net)
    adam = torch.optim.Adam(net.parameters(), lr=RATE)
    histories = [events.item[events.of(user)] + 1 for user in range(events.n_users)]
    histories = [history for history in histories if len(history) > 1]
    for _ in range(epochs):
        order = rng.permutation(len(histories))
        for start in range(0, len(order), BATCH):
            batch = torch.from_numpy(_windows([histories[i] for i in order[start : start + BATCH]], rng))
            wanted = batch[:, 1:]
            scores = forward(batch[:, :-1])
            goal = torch.where(wanted == 0, IGNORED, wanted).reshape(-1)
            loss = torch.nn.functional.cross_entropy(scores.reshape(-1, scores.shape[-1]), goal, ignore_index=IGNORED)
            adam.zero_grad()
            loss.backward()
            adam.step()
    net.eval()

    def ask(items: NDArray[Any]) -> NDArray[Any]:
        last = items[-LENGTH:].astype(np.int64) + 1
        if not len(last):
            return np.zeros(events.n_items, dtype=np.float32)
        with torch.no_grad():
            return np.asarray(forward(torch.from_numpy(last[None]))[0, -1, 1:].numpy())

    return ask


def _network(n_items: int) -> Any:
    import torch

    block = torch.nn.TransformerEncoderLayer(
        WIDTH, 2, 2 * WIDTH, DROPOUT, activation="gelu", batch_first=True, norm_first=True
    )
    net = torch.nn.ModuleDict(
        {
            "item": torch.nn.Embedding(n_items + 1, WIDTH, padding_idx=0),
            "place": torch.nn.Embedding(LENGTH, WIDTH),
            "blocks": torch.nn.TransformerEncoder(block, 2, enable_nested_tensor=False),
            "norm": torch.nn.LayerNorm(WIDTH),
            "drop": torch.nn.Dropout(DROPOUT),
        }
    )
    for name in ("item", "place"):
        torch.nn.init.normal_(net[name].weight, std=0.02)
    return net


def _forward(net: Any) -> Callable[[Any], Any]:
    import torch

    def forward(items: Any) -> Any:
        size = items.shape[1]
        barred = torch.triu(torch.full((size, size), float("-inf")), 1)
        hidden = net["drop"](net["item"](items) + net["place"](torch.arange(size)))
        return net["norm"](net["blocks"](hidden, mask=barred)) @ net["item"].weight.T

    return forward


def _windows(histories: list[NDArray[Any]], rng: np.random.Generator) -> NDArray[np.int64]:
    """Cut a random stretch of ``LENGTH`` + 1 items out of each history; shorter ones are filled up with zeros."""
    batch = np.zeros((len(histories), LENGTH + 1), dtype=np.int64)
    for row, history in enumerate(histories):
        end = int(rng.integers(min(LENGTH + 1, len(history)), len(history) + 1))
        part = history[max(0, end - LENGTH - 1) : end]
        batch[row, : len(part)] = part
    return batch


BASELINES: Mapping[str, Fit] = {
    "popularity": popularity,
    "item-knn": item_knn,
    "ease": ease,
    "als": als,
    "bpr": bpr,
    "lightfm": lightfm,
    "sasrec": sasrec,
}
