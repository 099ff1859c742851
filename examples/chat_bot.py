"""A bot for a chat such as Slack: one conversation for each channel and thread, mentions removed, answers as Markdown.

Run `make serve`, then: scripts/env.sh run app examples/chat_bot.py
"""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import dataclass, field

from tastemaker import AsyncClient
from tastemaker.agents.explaining.markdown import whole
from tastemaker.core.errors import TastemakerError


@dataclass
class Bot:
    """Answers messages; ``threads`` maps a channel's thread to the recommender's."""

    client: AsyncClient
    threads: dict[str, str] = field(default_factory=dict)

    async def hear(self, channel: str, user: str, text: str) -> str:
        """Return what to post for a message."""
        said = re.sub(r"<@\w+>", " ", text).strip()
        try:
            answer = await self.client.recommend(
                text=said, user_id=f"chat:{user}", n=3, thread_id=self.threads.get(channel)
            )
        except TastemakerError as error:
            return f"Sorry: {error}"
        self.threads[channel] = answer.thread_id
        return whole(answer)


async def main(server: str) -> None:
    """Answer two messages of one channel."""
    async with AsyncClient(server) as client:
        bot = Bot(client)
        for text in ("<@U1> a dog outdoors, under 40 euros", "<@U1> cheaper"):
            sys.stdout.write(f"> {text}\n\n{await bot.hear('C1/1700000000.1', 'U2', text)}\n\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8010"))
