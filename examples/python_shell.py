"""Works in a shell that stays open: what one line does, the next line finds.

Prints the terminal as a person would see it.
"""

from pyro_mcp import Pyro

LINES = ["PS1='> '", "cd /etc", "limit=2", "ls -d deb* | head -n $limit"]


def main() -> None:
    pyro = Pyro()
    workspace_id = pyro.create_workspace(environment="debian:12")["workspace_id"]
    try:
        shell_id = pyro.open_shell(workspace_id, cols=80, rows=24)["shell_id"]
        for line in LINES:
            pyro.write_shell(workspace_id, shell_id, input=line)
        screen = pyro.read_shell(workspace_id, shell_id, plain=True, wait_for_idle_ms=1000)
        print(screen["output"])
        pyro.close_shell(workspace_id, shell_id)
    finally:
        pyro.delete_workspace(workspace_id)


if __name__ == "__main__":
    main()
