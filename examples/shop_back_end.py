"""A shop's back end: ask for a user, show the list, and report what the user did, tied to the list that showed it.

Run `make serve`, then: scripts/env.sh run app examples/shop_back_end.py
"""

from __future__ import annotations

import sys

from tastemaker import Client
from tastemaker.core.schemas import Event


def visit(client: Client, user_id: str, text: str) -> list[str]:
    """Answer one visit, and report a click on the first item; return the titles that were shown."""
    answer = client.recommend(user_id=user_id, text=text, n=4, words=False)
    if answer.items:
        follows = {"request_id": answer.request_id}
        event_id = f"{answer.request_id[:32]}:click:1"
        first = answer.items[0].item_id
        stored = client.events(
            [Event(user_id=user_id, item_id=first, kind="click", event_id=event_id, context=follows)]
        )
        for note in stored.notes:
            sys.stdout.write(f"note: {note}\n")
    return [item.title for item in answer.items]


if __name__ == "__main__":
    with Client(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8010") as shop:
        sys.stdout.write("\n".join(visit(shop, "sim-ada", "a dog outdoors, under 40 euros")) + "\n")
