"""The Inspector calls every tool in one protocol era: `every_tool.py ERA DIRECTORY INSPECTOR… -- PYRO`. First it lists
the tools of each profile, strictly; then it follows every_tool.json with a process for each call, so each call meets
a server that knows nothing of the ones before: of the smallest profile that has the tool, unless the step names
another. It compares what a tool answers in its structured form with the schema that the tool has given. A
model may name what lies below DIRECTORY.
"""

import json
import os
import re
import string
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PROFILES = ["vm-run", "workspace-core", "workspace-full"]
# Seconds that a call may take on a busy machine.
PATIENCE = 120

era, directory = sys.argv[1:3]
inspector, pyro = sys.argv[3:-2], sys.argv[-1]


def ask(profile, *words):
    """What the Inspector prints of an answer that it finds no fault with."""
    serve = [pyro, "mcp", "serve", "--profile", profile, "--network-policy", "egress+published-ports"]
    roots = ["--seed-root", directory, "--export-root", directory]
    places = [word for name, value in os.environ.items() for word in ("-e", f"{name}={value}")]
    options = ["--cli", "--protocol-era", era, "--format", "json", *words]
    command = [*inspector, *options, *places, "--", *serve, *roots]
    asked = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if asked.returncode != 0:
        sys.exit(f"{era}, {' '.join(words)}: status {asked.returncode}\n{asked.stdout}{asked.stderr}")
    return json.loads(asked.stdout)["result"]


def filled(value, kept):
    """The arguments with what earlier answers have brought."""
    return json.loads(string.Template(json.dumps(value)).safe_substitute(kept))


def fact(name, result):
    """What an answer says under this name, in whatever form."""
    if name in result.get("structuredContent", {}):
        return result["structuredContent"][name]
    return re.search(f"^{name}: (.*)$", text(result), re.MULTILINE)[1]


def text(result):
    return "".join(part.get("text", "") for part in result["content"])


def forms(result):
    """What hosts show a model: the one form or the other, so each must say everything."""
    yield text(result)
    if "structuredContent" in result:
        yield json.dumps(result["structuredContent"])


def follow(steps):
    kept = {"ERA": era}
    for step in steps:
        arguments = json.dumps(filled(step["arguments"], kept))
        words = ["--method", "tools/call", "--tool-name", step["tool"], "--tool-args-json", arguments]
        has_it = (profile for profile in PROFILES if step["tool"] in listed[profile])
        result = ask(step.get("profile") or next(has_it), *words)
        if "keep" in step:
            kept[step["keep"]] = fact(step["keep"], result)
        wanted = filled(step.get("says", ""), kept)
        for form in forms(result):
            if wanted not in form:
                sys.exit(f"{era}, {step['tool']}: no {wanted!r} in {form}")


listed = {}
for profile in PROFILES:
    listed[profile] = {tool["name"] for tool in ask(profile, "--method", "tools/list", "--strict")["tools"]}
steps = json.loads((HERE / "every_tool.json").read_text(encoding="utf-8"))
forgotten = listed["workspace-full"] - {step["tool"] for step in steps}
if forgotten or not listed["vm-run"] <= listed["workspace-core"] <= listed["workspace-full"]:
    sys.exit(f"nobody calls {forgotten}, of {listed}")
seed = Path(directory, f"seed-{era}")
seed.mkdir()
(seed / "greeting").write_text("hello\n", encoding="utf-8")
follow(steps)
