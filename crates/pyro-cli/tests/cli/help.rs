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
    assert_snapshot!(help(&["--help"]), @"
    Disposable Linux microVM workspaces for coding agents

    Usage: pyro <COMMAND>

    Commands:
      doctor       Check this host: what machines will run on, and what to do for better
      env          List, inspect, prepare, build, share and remove what machines boot from
      run          Run a command in a machine of its own, which is deleted afterwards
      workspace    Make workspaces and work in them: machines that stay until they are deleted
      runtime      List, install and remove the Firecracker that machines run on where KVM works
      demo         Run one command in a real machine, end to end, and explain what happens
      mcp          Serve pyro to chat hosts over the Model Context Protocol
      host         Connect chat hosts with pyro, and find out why one does not see it
      completions  Print a completion script for a shell
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Exit codes:
      run, workspace exec, workspace shell attach
               the guest command's own; 128+N where signal N killed it, 124 after a timeout;
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

In a container image the command has its variables, its directory and its user; it is run by the
image's /bin/sh.

Usage: pyro run [OPTIONS] <ENV> -- <CMD>...

Arguments:
  <ENV>
          What to boot: a name of `pyro env list`, or any container image

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
          Let the machine reach public addresses: TCP, by name or address

      --allow-host <NAME>
          Let it reach this name only, with *. before it all names below; on ports 80 and 443, or
          :PORT; repeatable

      --allow-net <CIDR>
          Let it reach these addresses, even private ones, such as 10.1.0.0/16; repeatable

      --ca-bundle <FILE|host>
          Certificate authorities that guests trust beside their image's: a file of PEM
          certificates, or 'host' for this host's own [default: $PYRO_CA_BUNDLE]

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
  pyro run python:3.12-slim -- python3 -c 'print(6 * 7)'
  pyro run debian:12 --timeout-seconds 300 -- sh -c 'git --version && id'
  tar c . | pyro run debian:12 -- sh -c 'mkdir /w && tar x -C /w && ls /w'
  pyro run debian:12 --network -- git clone https://git.example/tool.git
  pyro run debian:12 --allow-host '*.example.org' -- curl https://api.example.org/
  pyro run debian:12 --network --ca-bundle host -- git ls-remote https://git.example/tool.git
  pyro run debian:12 --json -- false
");
}

#[test]
fn of_workspace() {
    assert_snapshot!(help(&["workspace", "--help"]), @"
    Make workspaces and work in them: machines that stay until they are deleted

    Usage: pyro workspace <COMMAND>

    Commands:
      create     Make a workspace, and leave it started
      list       List the workspaces
      update     Change a workspace's name, labels or time to live
      status     Show one workspace: what it is, what runs in it, when it expires
      exec       Run a command in a workspace, in /workspace
      exec-read  Print what a command of a workspace has written so far
      exec-stop  End a command of a workspace, and all it started
      logs       Show the history of a workspace: its commands, how they ended, what they wrote
      network    See what a workspace reaches over the network
      shell      Open shells in a workspace, type into them and read what they show
      sync       Bring files of this host into a workspace
      file       List, read, write and edit the files of a workspace
      patch      Change many files of a workspace at once
      diff       Show what has changed in a workspace since its baseline
      export     Copy a file or a directory of a workspace to this host
      service    Start, watch and stop services of a workspace: commands that it keeps running
      snapshot   Take, list and delete snapshots of a workspace, to which it can be reset
      reset      Put a workspace back to a snapshot: a fresh machine on a copy of its disk
      stop       Stop a workspace: its processes end, its files and its history stay
      start      Start a workspace that does not run
      disk       Look into the disk of a stopped workspace without starting it, or export it
      delete     Delete a workspace with everything in it, whatever it is doing
      help       Print this message or the help of the given subcommand(s)

    Options:
      -h, --help  Print help

    ID is a workspace's id, its name, or the beginning of either that no other workspace has.

    Examples:
      pyro workspace create --project --name fix-42
      pyro workspace exec fix-42 -- make test
      pyro workspace diff fix-42 | git apply
      pyro workspace delete fix-42
    ");
    assert_snapshot!(help(&["workspace", "create", "--help"]), @r"
Make a workspace, and leave it started

It begins empty, or with what one of the seed options names. Its baseline is taken at the end:
`diff` compares with it, `reset` goes back to it. It stays until it is deleted. When nobody has used
it for its time to live it stops; the next call starts it again, and after a day it is removed.

Prints the id on stdout, and what was done on stderr.

Usage: pyro workspace create [OPTIONS] [ENV]

Arguments:
  [ENV]
          What to boot: a name of `pyro env list`, or any container image

          [default: debian:12]

Options:
      --seed-path <PATH>
          Seed it with a directory, or with what a .tar, .tar.gz, .tgz or .tar.zst holds

      --project
          Seed it with the Git project around the current directory: its history, its tracked files,
          and the others that Git does not ignore

      --project-path <DIR>
          The same with the Git project around another directory

      --repo-url <URL>
          Seed it with a Git repository, which is cloned

      --repo-ref <REF>
          Which branch, tag or commit of it

      --name <NAME>
          Its name: letters, digits, '.', '_', '-' and '/'

      --label <K=V>
          A note about it; may be given more than once

      --vcpu-count <N>
          Virtual CPUs

          [default: 1]

      --mem-mib <N>
          Memory in MiB

          [default: 1024]

      --ttl-seconds <N>
          Stop it when nobody has used it for so many seconds

          [default: 600]

      --network-policy <POLICY>
          What it may reach: off, or egress: public addresses, or what is allowed below;
          egress+published-ports also lets its services publish ports on 127.0.0.1 [default: off]

      --allow-host <NAME>
          Let it reach this name only, with *. before it all names below; on ports 80 and 443, or
          :PORT; repeatable

      --allow-net <CIDR>
          Let it reach these addresses, even private ones, such as 10.1.0.0/16; repeatable

      --ca-bundle <FILE|host>
          Certificate authorities that guests trust beside their image's: a file of PEM
          certificates, or 'host' for this host's own [default: $PYRO_CA_BUNDLE]

      --secret <NAME=VALUE>
          Give it a secret, as the file /run/pyro-secrets/NAME in its memory; may be given more than
          once. The value can be seen in the list of this host's processes while this runs

      --secret-file <NAME=PATH>
          The same, with what a file of this host holds

      --secret-env-from <NAME[=VAR]>
          The same, with a variable of this environment, which is called like the secret or
          otherwise

      --allow-host-compat
          Run on the host, without isolation, where no machine can boot

      --allow-weak-isolation
          Run an emulated machine even where nothing jails the emulator

      --json
          Print one JSON document

      --id-only
          Print the id and say nothing else

  -h, --help
          Print help (see a summary with '-h')

Examples:
  pyro workspace create
  pyro workspace create debian:12-build --project --name fix-42
  pyro workspace create --seed-path ./src.tar.gz --label owner=grace --ttl-seconds 3600
  pyro workspace create --network-policy egress --allow-host '*.debian.org'
  pyro workspace create --repo-url https://git.example/tool.git --repo-ref v1.2
  pyro workspace create --ca-bundle host
  pyro workspace create --secret-file TOKEN=token.txt --secret-env-from NPM_TOKEN
  id=$(pyro workspace create --id-only)
");
    assert_snapshot!(help(&["workspace", "shell", "--help"]), @r"
Open shells in a workspace, type into them and read what they show

A shell stays open until it ends, is closed, or its workspace stops or expires. Any number of
programs can read one at the same time; `attach` joins a person's terminal to it.

Usage: pyro workspace shell <COMMAND>

Commands:
  open    Open a shell in a workspace: a login shell, as root
  list    List the shells of a workspace, those included that ended lately
  read    Print what a shell of a workspace has shown
  write   Type into a shell of a workspace
  signal  Send a signal to what runs in a shell of a workspace
  attach  Join this terminal to a shell of a workspace
  close   End a shell of a workspace, and all it started
  help    Print this message or the help of the given subcommand(s)

Options:
  -h, --help
          Print help (see a summary with '-h')

Examples:
  shell=$(pyro workspace shell open fix-42 --id-only)
  pyro workspace shell write fix-42 $shell --input 'make test'
  pyro workspace shell read fix-42 $shell --plain --wait-for-idle-ms 500
  pyro workspace shell attach fix-42 $shell
  pyro workspace shell close fix-42 $shell
");
    assert_snapshot!(help(&["workspace", "exec", "--help"]), @r"
Run a command in a workspace, in /workspace

The command's output is passed on as it comes, byte for byte. Where standard input is a pipe or a
file, the command reads it. Ctrl-C interrupts the command; a second one within 5 seconds ends it.
The workspace goes on. The exit code is the command's own; pyro's failures exit with 125.

What the command wrote to disk is there when this returns, whatever happens to the machine. If pyro
itself is killed the command goes on, and `exec-read` shows what it writes.

Usage: pyro workspace exec [OPTIONS] <ID> -- <CMD>...

Arguments:
  <ID>
          The workspace: its id, its name, or the beginning of either

  <CMD>...
          The command and its arguments

Options:
      --timeout-seconds <N>
          Kill the command after so many seconds; it then exits with 124

          [default: 30]

      --secret-env <SECRET[=ENV_VAR]>
          Put a secret of the workspace into the command's environment, under its own name or
          another; may be given more than once

      --detach
          Start it, print its id for `exec-read` and `exec-stop`, and leave it running

      --json
          Print one JSON document instead of passing the streams on; standard input is not read

  -h, --help
          Print help (see a summary with '-h')

Examples:
  pyro workspace exec fix-42 -- make test
  pyro workspace exec fix-42 --timeout-seconds 600 -- sh -c 'cargo build && cargo test'
  pyro workspace exec fix-42 --secret-env TOKEN=GH_TOKEN -- gh pr list
  tar c . | pyro workspace exec fix-42 -- tar x
  id=$(pyro workspace exec fix-42 --detach --timeout-seconds 3600 -- make all)
");
    assert_snapshot!(help(&["workspace", "diff", "--help"]), @r"
Show what has changed in a workspace since its baseline

The patch goes to stdout, and `git apply` accepts it; what it holds is counted on stderr. What is
below .git is left out.

Usage: pyro workspace diff [OPTIONS] <ID>

Arguments:
  <ID>
          The workspace: its id, its name, or the beginning of either

Options:
      --stat
          List the changed paths, without the patch

      --output <FILE>
          Write the patch to a file of this host, whole or not at all

      --allow-secrets
          Give the patch out although a changed file holds a secret of the workspace

      --json
          Print one JSON document

  -h, --help
          Print help (see a summary with '-h')

Examples:
  pyro workspace diff fix-42
  pyro workspace diff fix-42 --stat
  pyro workspace diff fix-42 | git apply
  pyro workspace diff fix-42 --output fix-42.patch
");
}

#[test]
fn of_mcp_serve() {
    assert_snapshot!(help(&["mcp", "serve", "--help"]), @"
    Serve MCP on stdin and stdout; chat hosts start this themselves

    Usage: pyro mcp serve [OPTIONS]

    Options:
          --profile <PROFILE>        Which tools to offer [default: workspace-core] [possible values:
                                     vm-run, workspace-core, workspace-full]
          --project-path <DIR>       The Git work tree that workspaces begin with [default: the one
                                     around this directory, if any]
          --repo-url <URL>           A Git repository to fetch for each workspace instead
          --repo-ref <REF>           Its branch, tag or commit [default: its default branch]
          --seed-root <DIR>          A directory below which the model may name host paths; repeatable
                                     [default: the project]
          --export-root <DIR>        A directory below which the model may export; repeatable [default:
                                     .pyro/out in the project]
          --network-policy <POLICY>  What it may reach: off, or egress: public addresses, or what is
                                     allowed below; egress+published-ports also lets its services
                                     publish ports on 127.0.0.1 [default: off]
          --allow-host <NAME>        Let it reach this name only, with *. before it all names below; on
                                     ports 80 and 443, or :PORT; repeatable
          --allow-net <CIDR>         Let it reach these addresses, even private ones, such as
                                     10.1.0.0/16; repeatable
          --allow-image <PATTERN>    An image that the model may name wherever it lies, with your
                                     logins; repeatable [default: what public registries give to
                                     everybody]
          --ca-bundle <FILE|host>    Certificate authorities that guests trust beside their image's: a
                                     file of PEM certificates, or 'host' for this host's own [default:
                                     $PYRO_CA_BUNDLE]
          --max-mem-mib <N>          The most memory of one machine, in MiB
          --max-vcpus <N>            The most virtual CPUs of one machine
          --max-workspaces <N>       The most workspaces at a time
          --allow-secrets            Give the model content that holds a secret of its workspace: files,
                                     diffs, exports
          --allow-host-compat        Let the model ask for commands on the host where no machine can
                                     boot: no isolation
      -h, --help                     Print help

    Examples:
      pyro host connect claude-code
      pyro host connect codex --project-path ~/src/app --max-workspaces 4
      pyro mcp serve --repo-url https://example.org/app.git --repo-ref main

    Profiles:
      vm-run           one tool, vm_run: a command in a machine of its own
      workspace-core   vm_run, and workspaces: machines that keep their files from call to call
      workspace-full   all of it: workspaces can also be stopped and started, and machines for one
                       command made in single steps

    Host paths:
      A model can name paths of this host only below --seed-root, and sees no other file of it.
      Without the flag that is the project, and nothing where there is none. What it exports goes
      below --export-root, without the flag .pyro/out in the project, and replaces nothing.

    Network:
      With --network-policy every workspace of this server has that policy, and no machine more. Without
      it there is no network, unless a model asks for one and the profile lets it: workspace-full and
      vm-run do. What --allow-host and --allow-net name holds for every machine of the server.

    Images:
      A model can name environments of the catalog, what is installed, and images that public registries
      give to everybody: none of this host, of its neighbours or of an address, and never with your
      logins. --allow-image names others, in full: ghcr.io/acme/tool, ghcr.io/acme/*, 127.0.0.1:5000/*.
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
fn the_version_is_one_line() {
    assert_eq!(help(&["--version"]), concat!("pyro ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn completions_name_the_commands_and_hide_the_roles() {
    for shell in ["bash", "zsh", "fish"] {
        let script = help(&["completions", shell]);
        assert!(script.contains("completions") && script.contains("doctor"), "{shell}");
        assert!(script.contains("exec-read") && script.contains("seed-path"), "{shell}");
        assert!(!script.contains("__shim"), "{shell}");
    }
}
