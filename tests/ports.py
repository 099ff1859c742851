"""Find a port for a server of a test."""

from __future__ import annotations

import random
import socket

BELOW_EPHEMERAL = range(20_000, 32_000)
"""Ports that the system gives to no outgoing connection, which another test could hold by the time the server starts."""


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    for port in random.SystemRandom().sample(BELOW_EPHEMERAL, 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise RuntimeError("a hundred ports are taken")
