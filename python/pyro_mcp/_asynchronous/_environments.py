"""What machines boot from."""

# Written by asynchronous.py from ../_environments.py: change that one.

from __future__ import annotations

from .. import _native
from .._async_connection import AsyncConnection as Connection
from ..types import EnvironmentDetails, EnvironmentList, PrunedEnvironments


class Environments(Connection):
    """The verbs of environments."""

    async def list_environments(self) -> EnvironmentList:
        """Lists every environment of the catalog, installed or not, and every image that was pulled.

        Raises:
            HostError: the cache cannot be read.
        """
        return await self._wait(_native.list_environments(self._settings))

    async def inspect_environment(self, environment: str) -> EnvironmentDetails:
        """Says where an environment came from and what it holds.

        Raises:
            NotFoundError: there is no such environment.
        """
        return await self._wait(_native.inspect_environment(self._settings, environment))

    async def pull_environment(self, environment: str) -> EnvironmentDetails:
        """Makes an environment ready to boot, which takes minutes the first time. Where the tag of an image has moved, the
        new image is pulled; what was made from the old one keeps it.

        Ctrl-C returns at once; what is being fetched or built goes on in a thread of this process, and is used by the next
        call.

        Raises:
            UsageError: it is no name of an environment.
            HostError: the host lacks programs or space, or the archive or the registry cannot be reached.
        """
        return await self._wait(_native.pull_environment(self._settings, environment))

    async def prune_environments(self) -> PrunedEnvironments:
        """Removes from the cache what no environment and no machine uses.

        Raises:
            HostError: it cannot be told what a machine uses (nothing is removed then).
        """
        return await self._wait(_native.prune_environments(self._settings))
