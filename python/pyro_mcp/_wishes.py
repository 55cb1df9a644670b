"""What the native part is asked for, where it is more than a few words."""

from __future__ import annotations

from typing import TypedDict

from .types import GivenSecret, PublishPort


class Settings(TypedDict):
    executable: str
    environment: dict[bytes, bytes]
    backend_name: str | None
    base_dir: str | None
    cache_dir: str | None
    max_active_vms: int


class Machine(TypedDict):
    environment: str
    vcpu_count: int
    mem_mib: int
    ttl_seconds: int
    network: bool
    allow_hosts: list[str]
    allow_nets: list[str]
    ca_bundle: str | None
    allow_host_compat: bool
    allow_weak_isolation: bool


class Workspace(TypedDict):
    name: str | None
    labels: dict[str, str]
    network_policy: str
    secrets: list[GivenSecret]


class Source(TypedDict):
    seed_path: str | None
    project_path: str | None
    repo_url: str | None
    repo_ref: str | None


class Change(TypedDict):
    name: str | None
    clear_name: bool
    labels: dict[str, str]
    clear_labels: list[str]
    ttl_seconds: int | None


class Command(TypedDict):
    command: str
    timeout_seconds: int
    secret_env: dict[str, str]
    wait_seconds: float | None
    streamed: bool


class FilePart(TypedDict):
    max_bytes: int
    offset: int
    first_line: int | None
    line_count: int | None


class ShellPart(TypedDict):
    cursor: int
    max_chars: int
    plain: bool
    wait_for_idle_ms: int | None


class Service(TypedDict):
    service_name: str
    command: str
    cwd: str
    ready_file: str | None
    ready_tcp: str | None
    ready_http: str | None
    ready_command: str | None
    ready_timeout_seconds: int
    ready_interval_ms: int
    secret_env: dict[str, str]
    published_ports: list[PublishPort]


class Server(TypedDict):
    profile: str
    working_directory: str
    home: str | None
    project_path: str | None
    repo_url: str | None
    repo_ref: str | None
    network_policy: str | None
    allow_hosts: list[str]
    allow_nets: list[str]
    ca_bundle: str | None
    seed_roots: list[str]
    export_roots: list[str]
    max_mem_mib: int | None
    max_vcpus: int | None
    max_workspaces: int | None
    allow_images: list[str]
    allow_secrets: bool
    allow_host_compat: bool
