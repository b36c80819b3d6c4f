"""What is done to the plant, and which records should tell of it.

    act("write coil 3: on", do, request(code=5, …), answer(code=5, …))

An act is one thing that a client does. It says what that is in words, does it, and holds the records that are due, without
the `ot.` in front of the names of fields. `"*"` stands for a value that nobody knows before; `rule` names the rule that
fires at the message; `by="server"` says that the server asks; `yet` says what tables are known to read instead,
until they are mended. It does not know how Tieline gets at the records.
"""

import asyncio
import logging
import os
from dataclasses import dataclass, field
from typing import Any, Callable

# Each server has an address of its own in here.
NET = os.environ.get("PLANT_NET", "127.77.0")


@dataclass
class Act:
    what: str
    do: Callable[..., Any]
    records: list[dict]


@dataclass
class Stack:
    """One server with one client: `run` starts both, calls `perform` with the client, and ends both.

    Records that are like one of `between` come or not, as time will have it.
    """

    protocol: str
    host: str
    port: int
    acts: list[Act]
    run: Callable[..., Any]
    between: list[dict] = field(default_factory=list)

    def written(self):
        """The acts as lines: what is compared later, and nothing of what does them."""
        for number, one in enumerate(self.acts, 1):
            records = [{"protocol": self.protocol, **record} for record in one.records]
            yield {"act": f"{self.protocol} {number}", "what": one.what, "host": self.host, "port": self.port,
                   "records": records, "between": self.between}

    async def perform(self, client):
        """Does one act after the other. What they answer is compared by nobody here: the network tells it."""
        for one in self.acts:
            answer = one.do(client)
            if hasattr(answer, "__await__"):
                await answer


def act(what, do, *records):
    return Act(what, do, list(records))


def request(**fields):
    return {**fields, "direction": "request"}


def answer(**fields):
    return {"outcome": "success", **fields, "direction": "response"}


def refusal(error, /, **fields):
    return {**fields, "direction": "response", "outcome": "failure", "error.code": error}


def pair(asked=None, answered=None, **both):
    """A request and its answer, and what they have in common."""
    return request(**both, **(asked or {})), answer(**both, **(answered or {}))


def refused_pair(error, /, asked=None, answered=None, **both):
    """A request that is refused with this error."""
    return request(**both, **(asked or {})), refusal(error, **both, **(answered or {}))


def threaded(do):
    """For clients that wait."""
    return lambda client: asyncio.to_thread(do, client)


def refused(do):
    """For requests that are to be refused: what the client says of it is not compared."""

    def tried(client):
        try:
            do(client)
        except Exception as error:
            logging.debug("refused: %s", error)

    return threaded(tried)
