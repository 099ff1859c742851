"""A batch of e-mails: the week's picks of each user, a few users at a time, as messages that any mail server sends.

Run `make serve`, then: scripts/env.sh run app examples/email_of_picks.py FOLDER
"""

from __future__ import annotations

import asyncio
import html
import sys
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path

from tastemaker import AsyncClient
from tastemaker.core.schemas import RecommendResponse

AT_ONCE = 4


def message(user_id: str, answer: RecommendResponse) -> EmailMessage:
    """Return the e-mail of one user's picks; everything of a record is escaped."""
    mail = EmailMessage()
    mail["Subject"] = "Picked for you this week"
    mail["To"] = f"{user_id}@shop.example"
    mail["X-Request-ID"] = answer.request_id
    lines = [f"{i.title}: {i.reason.text if i.reason else ''}" for i in answer.items]
    mail.set_content("\n".join(lines) or "Nothing new this week.")
    rows = [
        f"<li><b>{html.escape(i.title)}</b> {html.escape(i.reason.text if i.reason else '')}</li>" for i in answer.items
    ]
    mail.add_alternative(f"<ol>{''.join(rows)}</ol>", subtype="html")
    return mail


async def write_all(server: str, users: Sequence[str], folder: Path) -> list[Path]:
    """Write one .eml file for each user with picks, and return them."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(client: AsyncClient, user_id: str) -> Path | None:
        async with places:
            answer = await client.recommend(user_id=user_id, n=3, words=False, context={"channel": "email"})
        if not answer.items:
            return None
        path = folder / f"{user_id}.eml"
        await asyncio.to_thread(path.write_bytes, message(user_id, answer).as_bytes())
        return path

    async with AsyncClient(server) as client:
        return [p for p in await asyncio.gather(*(one(client, u) for u in users)) if p is not None]


if __name__ == "__main__":
    written = asyncio.run(write_all("http://127.0.0.1:8010", ["sim-ada", "sim-ben"], Path(sys.argv[1])))
    sys.stdout.write("\n".join(map(str, written)) + "\n")
