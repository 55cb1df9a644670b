"""What machines boot from."""

from __future__ import annotations

from typing import Any, TypedDict


class _Problem(TypedDict, total=False):
    problem: str
    """Why a record that is there does not count."""


class Environment(_Problem):
    """One environment of a list."""

    name: str
    version: str
    """Of its recipe, or ``sha256:`` and the digest of an image's manifest."""
    description: str
    installed: bool
    source: str
    """Where it came from or, before that, would come from."""
    digest: str | None
    """SHA-256 of the image."""
    size_bytes: int | None


class EnvironmentList(TypedDict):
    """The catalog, and the images that were pulled."""

    catalog_version: str
    cache_dir: str
    environments: list[Environment]


class EnvironmentSettings(TypedDict, total=False):
    """What commands of one-shot machines start with where nothing else is said."""

    env: list[list[str]]
    """Pairs of a name and a value."""
    working_directory: str
    user: str


class EnvironmentDetails(Environment):
    """Where an environment came from and what it holds."""

    packages: list[str]
    """Debian packages that its recipe asks for."""
    image: str | None
    settings: EnvironmentSettings | None
    origin: dict[str, Any] | None
    """Where every byte of the image came from; ``kind`` says what else is in it."""
    kernel: dict[str, Any] | None
    created_at: int | None


class UnusableRecord(TypedDict):
    """A record of the cache that could not be read."""

    path: str
    reason: str


class PrunedEnvironments(TypedDict):
    """What was removed from the cache."""

    removed: list[str]
    corrupt_records: list[UnusableRecord]
    freed_bytes: int
