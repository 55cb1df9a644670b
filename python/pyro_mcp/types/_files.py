"""Files of workspaces, and what was changed in them."""

from __future__ import annotations

from typing import Literal, TypedDict


class FileEntry(TypedDict):
    """One entry of a list of files."""

    path: str
    artifact_type: Literal["file", "directory", "symlink", "other"]
    size_bytes: int
    link_target: str | None


class FileList(TypedDict):
    """What is in a directory."""

    workspace_id: str
    path: str
    recursive: bool
    entries: list[FileEntry]
    truncated: bool
    notices: list[str]


class FileContent(TypedDict):
    """A text file, or a part of it."""

    workspace_id: str
    path: str
    size_bytes: int
    """Of the whole file."""
    max_bytes: int
    offset: int
    content: str
    truncated: bool
    next_offset: int | None
    """Where to read on; none at the end."""
    notices: list[str]


class WrittenFile(TypedDict):
    """A file that was written."""

    workspace_id: str
    path: str
    size_bytes: int
    bytes_written: int
    notices: list[str]


class EditedFile(TypedDict):
    """A file in which a text was replaced."""

    workspace_id: str
    path: str
    replacements: int
    size_bytes: int
    notices: list[str]


class Sync(TypedDict):
    """What came from the host."""

    mode: str
    source_path: str | None
    destination: str
    entry_count: int
    bytes_written: int
    withheld: list[str]


class SyncPush(TypedDict):
    """What came from the host into a workspace that exists."""

    workspace_id: str
    execution_mode: str
    workspace_sync: Sync
    notices: list[str]


class Export(TypedDict):
    """What was copied to the host."""

    workspace_id: str
    workspace_path: str
    output_path: str
    artifact_type: str
    entry_count: int
    bytes_written: int
    execution_mode: str
    links_left_out: list[str]
    """Links that would lead out of what was exported; a hundred of them at most."""
    links_left_out_count: int
    git_left_out: bool
    notices: list[str]


class DiffSummary(TypedDict):
    """What has changed, counted."""

    total: int
    added: int
    modified: int
    deleted: int
    type_changed: int
    text_patched: int
    non_text: int


class DiffEntry(TypedDict):
    """One path that has changed."""

    path: str
    status: Literal["added", "modified", "deleted", "type_changed"]
    artifact_type: Literal["file", "directory", "symlink"]
    text_patch: bool


class _Changes(TypedDict):
    workspace_id: str
    changed: bool
    summary: DiffSummary
    entries: list[DiffEntry]
    patch: str
    """One unified diff, which ``git apply`` accepts."""
    patch_truncated: bool
    patch_included: int
    """How many of the entries are in the patch."""
    patch_left_out: list[str]
    notices: list[str]


class WorkspaceDiff(_Changes):
    """What has changed since the baseline."""

    entries_truncated: bool
    git_metadata_changed: bool


class AppliedPatch(_Changes):
    """What a patch has changed."""

    offsets: list[str]
    """Hunks that were found at another line than the patch says."""
