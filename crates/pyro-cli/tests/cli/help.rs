//! What help says: the text is the product.

use crate::world::World;
use insta::assert_snapshot;

fn help(words: &[&str]) -> String {
    let ran = World::new().pyro(words);
    assert_eq!(ran.code(), 0, "{ran}");
    // clap indents its empty lines.
    ran.stdout().lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[test]
fn of_pyro() {
    assert_snapshot!(help(&["--help"]), @r"
Disposable Linux microVM workspaces for coding agents

Usage: pyro <COMMAND>

Commands:
  doctor       Check this host: what machines will run on, and what to do for better
  env          List, inspect, prepare and remove what machines boot from
  run          Run a command in a machine of its own, which is deleted afterwards
  runtime      List, install and remove the Firecracker that machines run on where KVM works
  demo         Run one command in a real machine, end to end, and explain what happens
  mcp          Serve pyro to chat hosts over the Model Context Protocol
  completions  Print a completion script for a shell
  help         Print this message or the help of the given subcommand(s)

Options:
  -h, --help     Print help
  -V, --version  Print version

Exit codes:
  run      the guest command's own; 128+N where signal N killed it, 124 after a timeout;
           125 where pyro itself failed, a wrong command line included
  others   0 done, 1 failed, 2 wrong command line or setting
  all      128+N where signal N ended pyro, 141 where nobody reads its output
");
}

#[test]
fn of_run() {
    assert_snapshot!(help(&["run", "--help"]), @r"
Run a command in a machine of its own, which is deleted afterwards

The command's output is passed on as it comes, byte for byte. Where standard input is a pipe or a
file, the command reads it. Ctrl-C interrupts the command; a second one within 5 seconds ends the
machine. The exit code is the command's own; pyro's failures exit with 125.

Usage: pyro run [OPTIONS] <ENV> -- <CMD>...

Arguments:
  <ENV>
          What to boot, as `pyro env list` names it

  <CMD>...
          The command and its arguments

Options:
      --vcpu-count <N>
          Virtual CPUs

          [default: 1]

      --mem-mib <N>
          Memory in MiB

          [default: 1024]

      --timeout-seconds <N>
          Kill the command after so many seconds; it then exits with 124

          [default: 30]

      --ttl-seconds <N>
          End the machine after so many seconds, whatever it does

          [default: 600]

      --network
          Give the machine a network

      --allow-host-compat
          Run on the host, without isolation, where no machine can boot

      --allow-weak-isolation
          Run an emulated machine even where nothing jails the emulator

      --json
          Print one JSON document instead of passing the streams on; standard input is not read

  -h, --help
          Print help (see a summary with '-h')

Examples:
  pyro run debian:12 -- uname -a
  pyro run debian:12 --timeout-seconds 300 -- sh -c 'git --version && id'
  tar c . | pyro run debian:12 -- sh -c 'mkdir /w && tar x -C /w && ls /w'
  pyro run debian:12 --json -- false
");
}

#[test]
fn of_mcp_serve() {
    assert_snapshot!(help(&["mcp", "serve", "--help"]), @r"
Serve MCP on stdin and stdout; chat hosts start this themselves

Usage: pyro mcp serve [OPTIONS]

Options:
      --profile <PROFILE>  Which tools to offer [default: workspace-core] [possible values: vm-run,
                           workspace-core, workspace-full]
      --allow-host-compat  Let the model ask for commands on the host where no machine can boot: no
                           isolation
  -h, --help               Print help

Examples:
  claude mcp add pyro -- pyro mcp serve --profile vm-run
  codex mcp add pyro -- pyro mcp serve --profile vm-run

Profiles:
  vm-run           one tool, vm_run: a command in a machine of its own
  workspace-core   comes with a later release
  workspace-full   vm_run, and machines in single steps: create, start, exec, stop, delete;
                   workspaces come with a later release
");
}

#[test]
fn of_doctor() {
    assert_snapshot!(help(&["doctor", "--help"]), @r"
Check this host: what machines will run on, and what to do for better

Exits with 0 where machines can run, and with 1 where they cannot.

Usage: pyro doctor [OPTIONS]

Options:
      --platform <P>
          The platform to check for

          [default: linux-x86_64]
          [possible values: linux-x86_64]

      --json
          Print one JSON document

  -h, --help
          Print help (see a summary with '-h')

Examples:
  pyro doctor
  pyro doctor --json
");
}

#[test]
fn of_runtime_install() {
    assert_snapshot!(help(&["runtime", "install", "--help"]), @r"
Install the Firecracker release that this version of pyro was made for

It is downloaded from the releases of its project and checked against the digest that pyro knows;
what does not fit is not installed. Nothing outside pyro's own data directory is changed. Without a
connection, fetch the archive elsewhere and name it with --from.

Usage: pyro runtime install [OPTIONS]

Options:
      --from <FILE|URL>
          Install from here: the .tgz of a release, or the executable itself

      --sha256 <DIGEST>
          The SHA-256 of what --from names; needed for any other release

      --json
          Print one JSON document

  -h, --help
          Print help (see a summary with '-h')

Examples:
  pyro runtime install
  pyro runtime install --from firecracker-v1.16.1-x86_64.tgz
  pyro runtime install --from https://mirror.example/firecracker.tgz --sha256 DIGEST
");
}

#[test]
fn every_command_has_examples() {
    for words in [
        &["doctor"][..],
        &["env", "list"],
        &["env", "inspect"],
        &["env", "pull"],
        &["env", "prune"],
        &["run"],
        &["runtime", "list"],
        &["runtime", "install"],
        &["runtime", "remove"],
        &["demo"],
        &["mcp", "serve"],
        &["completions"],
    ] {
        let text = help(&[words, &["--help"]].concat());
        let example = format!("  pyro {}", words.join(" "));
        let shown = text.contains("Examples:") && text.contains(&example);
        assert!(shown || words == ["mcp", "serve"], "{text}");
        assert!(text.contains("Examples:\n"), "{text}");
    }
}

#[test]
fn the_version_is_one_line() {
    assert_eq!(help(&["--version"]), concat!("pyro ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn completions_name_the_commands_and_hide_the_roles() {
    for shell in ["bash", "zsh", "fish"] {
        let script = help(&["completions", shell]);
        assert!(script.contains("completions") && script.contains("doctor"), "{shell}");
        assert!(!script.contains("__shim"), "{shell}");
    }
}
