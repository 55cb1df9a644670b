//! The native part of the Python module `pyro_mcp`: one function per verb of the library, one file per
//! noun. A function says what is wanted and comes back at once with a `Call`; the package waits
//! for it, and makes objects and exceptions of how it ended. No thread of this crate ever touches Python.

mod bell;
mod call;
mod commands;
mod disks;
mod environments;
mod files;
mod line;
mod machine;
mod refusal;
mod secrets;
mod server;
mod services;
mod settings;
mod shells;
mod snapshots;
mod source;
mod vms;
mod workspaces;

use pyo3::prelude::*;

/// What the package is made of.
#[pymodule]
mod _native {
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_export]
    use super::call::Call;
    #[pymodule_export]
    use super::commands::{exec_workspace, read_exec, stop_exec};
    #[pymodule_export]
    use super::disks::{export_workspace_disk, list_workspace_disk, read_workspace_disk};
    #[pymodule_export]
    use super::environments::{
        inspect_environment, list_environments, prune_environments, pull_environment,
    };
    #[pymodule_export]
    use super::files::{
        apply_workspace_patch, diff_workspace, edit_workspace_file, export_workspace,
        list_workspace_files, push_workspace_sync, read_workspace_file, write_workspace_file,
    };
    #[pymodule_export]
    use super::server::Server;
    #[pymodule_export]
    use super::services::{
        list_services, logs_service, start_service, status_service, stop_service,
    };
    #[pymodule_export]
    use super::settings::Settings;
    #[pymodule_export]
    use super::shells::{
        close_shell, list_shells, open_shell, read_shell, signal_shell, write_shell,
    };
    #[pymodule_export]
    use super::snapshots::{create_snapshot, delete_snapshot, list_snapshots};
    #[pymodule_export]
    use super::vms::{
        create_vm, delete_vm, exec_vm, network_info_vm, reap_expired, run_in_vm, start_vm,
        status_vm, stop_vm,
    };
    #[pymodule_export]
    use super::workspaces::{
        create_workspace, delete_workspace, list_workspaces, logs_workspace, reset_workspace,
        start_workspace, status_workspace, stop_workspace, update_workspace,
    };
}
