"""The objects that the methods return: plain dicts, the same as ``--json`` prints and as the contract names them.

Times are Unix seconds, sizes are bytes. A key of a type with ``total=False`` is there only where it says something.
"""

from __future__ import annotations

from ._commands import (
    Cleanup,
    CommandOutput,
    ExecResult,
    LogEntry,
    RefusedConnection,
    RunResult,
    WorkspaceLogs,
)
from ._disks import DiskExport
from ._environments import (
    Environment,
    EnvironmentDetails,
    EnvironmentList,
    EnvironmentSettings,
    PrunedEnvironments,
    UnusableRecord,
)
from ._files import (
    AppliedPatch,
    DiffEntry,
    DiffSummary,
    EditedFile,
    Export,
    FileContent,
    FileEntry,
    FileList,
    Sync,
    SyncPush,
    WorkspaceDiff,
    WrittenFile,
)
from ._services import (
    PublishedPort,
    PublishPort,
    Readiness,
    Service,
    ServiceList,
    ServiceLogs,
)
from ._shells import Shell, ShellList, ShellOutput, ShellWrite
from ._snapshots import DeletedSnapshot, Snapshot, SnapshotList
from ._vms import DeletedVm, ReapedVms, Vm, VmNetwork
from ._workspaces import (
    DeletedWorkspace,
    GivenSecret,
    LastCommand,
    NetworkAllow,
    Reset,
    ResetWorkspace,
    Secret,
    Workspace,
    WorkspaceList,
    WorkspaceSeed,
    WorkspaceSummary,
)

__all__ = [
    "AppliedPatch",
    "Cleanup",
    "CommandOutput",
    "DeletedSnapshot",
    "DeletedVm",
    "DeletedWorkspace",
    "DiffEntry",
    "DiffSummary",
    "DiskExport",
    "EditedFile",
    "Environment",
    "EnvironmentDetails",
    "EnvironmentList",
    "EnvironmentSettings",
    "ExecResult",
    "Export",
    "FileContent",
    "FileEntry",
    "FileList",
    "GivenSecret",
    "LastCommand",
    "LogEntry",
    "NetworkAllow",
    "PrunedEnvironments",
    "PublishPort",
    "PublishedPort",
    "Readiness",
    "ReapedVms",
    "RefusedConnection",
    "Reset",
    "ResetWorkspace",
    "RunResult",
    "Secret",
    "Service",
    "ServiceList",
    "ServiceLogs",
    "Shell",
    "ShellList",
    "ShellOutput",
    "ShellWrite",
    "Snapshot",
    "SnapshotList",
    "Sync",
    "SyncPush",
    "UnusableRecord",
    "Vm",
    "VmNetwork",
    "Workspace",
    "WorkspaceDiff",
    "WorkspaceList",
    "WorkspaceLogs",
    "WorkspaceSeed",
    "WorkspaceSummary",
    "WrittenFile",
]
