"""The native part: a function per verb, which begins a call and comes back at once. Only this package uses it."""

import os
from typing import Generic, TypeVar, final

from .types import EnvironmentDetails, EnvironmentList, PrunedEnvironments

T = TypeVar("T")

VERSION: str

@final
class Settings:
    def __new__(
        cls,
        executable: str | os.PathLike[str],
        environment: dict[bytes, bytes],
        *,
        backend_name: str | None,
        base_dir: str | None,
        cache_dir: str | None,
        max_active_vms: int,
    ) -> Settings: ...

@final
class Call(Generic[T]):
    def wait(self) -> None: ...
    def take(self) -> list[tuple[str, bytes]]: ...
    def outcome(self) -> tuple[bool, str] | None: ...
    def cancel(self) -> None: ...
    def fileno(self) -> int: ...

def list_environments(settings: Settings) -> Call[EnvironmentList]: ...
def inspect_environment(settings: Settings, environment: str) -> Call[EnvironmentDetails]: ...
def pull_environment(settings: Settings, environment: str) -> Call[EnvironmentDetails]: ...
def prune_environments(settings: Settings) -> Call[PrunedEnvironments]: ...
