"""The disk of a stopped workspace."""

from __future__ import annotations

from typing import TypedDict


class DiskExport(TypedDict):
    """The image of a disk on the host."""

    workspace_id: str
    output_path: str
    disk_format: str
    bytes_written: int
    """What it takes on the host: it has holes."""
    size_bytes: int
    is_clean: bool
