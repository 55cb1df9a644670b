"""All verbs together."""

# Written by asynchronous.py from ../_verbs.py: change that one.

from __future__ import annotations

from ._commands import Commands
from ._disks import Disks
from ._environments import Environments
from ._files import Files
from ._services import Services
from ._shells import Shells
from ._snapshots import Snapshots
from ._vms import Vms
from ._workspaces import Workspaces


class Verbs(Environments, Vms, Workspaces, Commands, Files, Snapshots, Disks, Shells, Services):
    """Everything that pyro does."""
