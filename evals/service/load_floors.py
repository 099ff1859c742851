"""Serve what the load on the service is held against: a constant of a given size, and a LanceDB search with a sort."""

from __future__ import annotations

import json
import os
from typing import Any

import lancedb
import numpy as np
from fastapi import FastAPI, Request, Response

TABLE = "default"
CANDIDATES = 100
COLUMN = "text_vector"


def create_floors() -> FastAPI:
    """Return the application; FLOOR_URI names the catalogue and FLOOR_BYTES the size of every answer."""
    app, size = FastAPI(), int(os.environ["FLOOR_BYTES"])
    constant = json.dumps({"items": "x" * (size - 13)}).encode()
    rng = np.random.default_rng(0)
    opened: list[Any] = []

    @app.post("/constant")
    async def answer(request: Request) -> Response:
        await request.json()
        return Response(constant, media_type="application/json")

    @app.post("/lancedb")
    async def search(request: Request) -> Response:
        await request.json()
        if not opened:
            connection = await lancedb.connect_async(os.environ["FLOOR_URI"])
            names = list(await connection.table_names())
            table = await connection.open_table(next(n for n in names if TABLE in n))
            width = (await table.schema()).field(COLUMN).type.list_size
            opened[:] = [table, width]
        table, width = opened
        vector = rng.normal(size=width).astype(np.float32)
        found = (
            await table.query()
            .nearest_to(vector)
            .column(COLUMN)
            .limit(CANDIDATES)
            .select(["item_id", "_distance"])
            .to_arrow()
        )
        rows = sorted(found.to_pylist(), key=lambda row: (row["_distance"], row["item_id"]))
        body = json.dumps({"items": [row["item_id"] for row in rows]}).encode()
        return Response(body.ljust(size), media_type="application/json")

    return app
