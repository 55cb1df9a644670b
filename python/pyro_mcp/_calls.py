"""Waits for calls of the native part: passes on what they tell, and makes results and exceptions of how they end."""

from __future__ import annotations

import asyncio
import codecs
import json
import logging
from collections.abc import Callable
from typing import TypeVar, cast

from ._errors import reported
from ._native import Call

T = TypeVar("T")
Listener = Callable[[str], object]

logger = logging.getLogger("pyro_mcp")


class Listeners:
    """Who is told what a command writes while it runs: text, with U+FFFD in place of what is not UTF-8. A character
    is passed on when all its bytes have come."""

    def __init__(self, on_stdout: Listener | None = None, on_stderr: Listener | None = None) -> None:
        self._listeners = {"stdout": on_stdout, "stderr": on_stderr}
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {stream: decoder("replace") for stream in self._listeners}

    def __bool__(self) -> bool:
        return any(self._listeners.values())

    def tell(self, call: Call[T]) -> None:
        """Passes on what there is."""
        for what, data in call.take():
            if what == "warning":
                logger.warning("%s", data.decode())
            elif what == "step":
                logger.info("%s", data.decode())
            else:
                self._output(what, data, final=False)

    def end(self) -> None:
        """Passes on what is left of a character that never came whole."""
        for stream in self._listeners:
            self._output(stream, b"", final=True)

    def _output(self, stream: str, data: bytes, *, final: bool) -> None:
        text = self._decoders[stream].decode(data, final)
        listener = self._listeners[stream]
        if text and listener:
            listener(text)


def wait(call: Call[T], listeners: Listeners) -> T:
    """Waits in this thread. An exception meanwhile (Ctrl-C, or one of a listener's) ends what the call runs first."""
    try:
        while (outcome := call.outcome()) is None:
            call.wait()
            listeners.tell(call)
        listeners.end()
        return _result(call, outcome)
    except BaseException:
        call.cancel()
        while call.outcome() is None:
            call.wait()
            call.take()
        raise


async def awaited(call: Call[T], listeners: Listeners) -> T:
    """Waits in this event loop. Where the task is cancelled, what the call runs is ended first."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    loop.add_reader(call.fileno(), told.set)
    try:
        while (outcome := call.outcome()) is None:
            await told.wait()
            told.clear()
            listeners.tell(call)
        listeners.end()
        return _result(call, outcome)
    except BaseException:
        call.cancel()
        while call.outcome() is None:
            await told.wait()
            told.clear()
            call.take()
        raise
    finally:
        loop.remove_reader(call.fileno())


def _result(call: Call[T], outcome: tuple[bool, str]) -> T:
    went_well, document = outcome
    if not went_well:
        raise reported(document)
    return cast(T, json.loads(document))
