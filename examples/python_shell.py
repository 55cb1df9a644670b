"""Works in a shell that stays open: what one line does, the next line finds.

Prints the terminal as a person would see it.
"""

from pyro_mcp import Pyro

PROMPT = ">>"
# Written so that the line itself never ends like the prompt.
SET_PROMPT = "PS1='>''> '"
LINES = ["cd /etc", "limit=2", "ls -d deb* | head -n $limit"]


class Terminal:
    """A shell, one line at a time."""

    def __init__(self, pyro: Pyro, workspace_id: str) -> None:
        self._pyro = pyro
        self._workspace_id = workspace_id
        self._shell_id = pyro.open_shell(workspace_id, cols=80, rows=24)["shell_id"]
        self._cursor = 0

    def type(self, line: str) -> None:
        self._pyro.write_shell(self._workspace_id, self._shell_id, line)

    def read_to(self, prompt: str) -> str:
        """The lines that were shown since the last reading, when the prompt is there."""
        while True:
            shown = self._pyro.read_shell(
                self._workspace_id,
                self._shell_id,
                cursor=self._cursor,
                plain=True,
                wait_for_idle_ms=100,
            )
            lines = shown["output"].rstrip().splitlines()
            if lines and lines[-1].endswith(prompt):
                self._cursor = shown["next_cursor"]
                return "\n".join(lines[:-1])


def main() -> None:
    pyro = Pyro()
    with pyro.workspace("debian:12") as workspace:
        terminal = Terminal(pyro, workspace.id)
        terminal.read_to("#")
        terminal.type(SET_PROMPT)
        terminal.read_to(PROMPT)
        for line in LINES:
            terminal.type(line)
            print(terminal.read_to(PROMPT))


if __name__ == "__main__":
    main()
