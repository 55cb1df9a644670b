"""The tool `vm_run` for an agent without any framework: what to tell the model, and what to do when it calls.

Every API of models takes a name, a description and a JSON schema in some wrapping, and gives back a name and
arguments. Here the call is written down instead of coming from a model. Prints the answer that goes back.
"""

import json

from pyro_mcp import Pyro, PyroError

VM_RUN = {
    "name": "vm_run",
    "description": "Run a shell command in a new Debian virtual machine, which is deleted afterwards.",
    "input_schema": {
        "type": "object",
        "properties": {
            "command": {"type": "string", "description": "One string for /bin/sh -lc"},
            "timeout_seconds": {"type": "integer", "default": 30},
        },
        "required": ["command"],
        "additionalProperties": False,
    },
}

# A model reads it all and pays for it; the end of an output says more than its middle.
MOST_CHARACTERS = 20_000


def call_vm_run(pyro: Pyro, command: str, timeout_seconds: int = 30) -> str:
    """What goes back to the model. A failure is an answer, with what the model could do about it."""
    try:
        result = pyro.run_in_vm(environment="debian:12", command=command, timeout_seconds=timeout_seconds)
    except PyroError as error:
        return json.dumps(error.report())
    answer = {
        "exit_code": result["exit_code"],
        "stdout": result["stdout"][-MOST_CHARACTERS:],
        "stderr": result["stderr"][-MOST_CHARACTERS:],
    }
    return json.dumps(answer)


def main() -> None:
    pyro = Pyro()
    call = {"name": "vm_run", "arguments": '{"command": "git --version && touch /etc/mine"}'}
    print(call_vm_run(pyro, **json.loads(call["arguments"])))


if __name__ == "__main__":
    main()
