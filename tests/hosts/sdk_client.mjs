// A client made with the TypeScript SDK: `sdk_client.mjs PYRO`. It works in a workspace from its creation to its end,
// sees progress, and takes a call back. The SDK compares structured answers with the schemas that it has listed.

import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const NAME = "typescript";

const said = (result) => {
  assert.notEqual(result.isError, true, JSON.stringify(result));
  return result.content.map((part) => part.text).join("");
};

async function work(client) {
  const call = (name, given, options) =>
    client.callTool({ name, arguments: { workspace_id: NAME, ...given } }, undefined, options);
  const { tools } = await client.listTools();
  assert.ok(tools.some((tool) => tool.name === "workspace_create"));

  const wish = { name: "workspace_create", arguments: { name: NAME, seed_path: "" } };
  const created = await client.callTool(wish);
  assert.equal(created.structuredContent.state, "started");
  const seen = [];
  const onprogress = ({ progress }) => seen.push(progress);
  const command = "echo hello > file; sleep 3; id -un";
  assert.match(said(await call("workspace_exec", { command }, { onprogress })), /root\n/);
  assert.ok(seen.length > 0 && seen.every((step, at) => at === 0 || step > seen[at - 1]), `${seen}`);
  const edited = await call("workspace_file_edit", { path: "file", old: "hello", new: "good day" });
  assert.equal(edited.structuredContent.replacements, 1);
  assert.match(said(await call("workspace_diff", {})), /\+good day/);

  // the call is over, what it has begun goes on
  const signal = AbortSignal.timeout(2000);
  await assert.rejects(call("workspace_exec", { command: "sleep 600" }, { signal }));
  const status = await call("workspace_status", {});
  assert.equal(status.structuredContent.running_commands.length, 1);
  const refused = await call("workspace_file_read", { path: "nothing" });
  assert.equal(refused.isError, true);
  assert.match(refused.content[0].text, /code: guest_not_found/);
  const deleted = await call("workspace_delete", {});
  assert.equal(deleted.structuredContent.deleted, true);
}

const client = new Client({ name: "test", version: "1" });
const [, , command] = process.argv;
await client.connect(new StdioClientTransport({ command, args: ["mcp", "serve"], env: process.env }));
await work(client);
await client.close();
