"""A client made with the Python SDK: `sdk_client.py PYRO`. In both protocol eras it works in a workspace from its
creation to its end, sees progress, and takes a call back. The SDK compares structured answers with the schemas.
"""

import os
import sys

import anyio
from mcp import Client, StdioServerParameters

ERAS = ["legacy", "2026-07-28"]


def said(result):
    assert not result.is_error, result
    return "".join(part.text for part in result.content)


async def work(client, name):
    tools = (await client.list_tools()).tools
    assert "workspace_create" in [tool.name for tool in tools], tools

    async def call(tool, **arguments):
        return await client.call_tool(tool, {"workspace_id": name, **arguments})

    created = await client.call_tool("workspace_create", {"name": name, "seed_path": ""})
    assert created.structured_content["state"] == "started", created
    seen = []

    async def progress(done, _total, _message):
        seen.append(done)

    command = {"workspace_id": name, "command": "echo hello > file; sleep 3; id -un"}
    ran = said(await client.call_tool("workspace_exec", command, progress_callback=progress))
    assert "root\n" in ran and seen and seen == sorted(set(seen)), (ran, seen)
    edited = await call("workspace_file_edit", path="file", old="hello", new="good day")
    assert edited.structured_content["replacements"] == 1, edited
    diff = said(await call("workspace_diff"))
    assert "+good day" in diff, diff

    # the call is over, what it has begun goes on
    with anyio.move_on_after(2) as given_up:
        await call("workspace_exec", command="sleep 600")
    assert given_up.cancelled_caught
    status = await call("workspace_status")
    assert len(status.structured_content["running_commands"]) == 1, status
    refused = await call("workspace_file_read", path="nothing")
    assert refused.is_error and "code: guest_not_found" in refused.content[0].text, refused
    deleted = await call("workspace_delete")
    assert deleted.structured_content["deleted"] is True, deleted


async def main():
    server = StdioServerParameters(command=sys.argv[1], args=["mcp", "serve"], env=dict(os.environ))
    for era in ERAS:
        async with Client(server, mode=era) as client:
            await work(client, f"python-{era}")


anyio.run(main)
