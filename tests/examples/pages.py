"""Runs every example against real machines and compares what it prints with what docs/integrations.md shows.

Where an example talks to a model, one that follows scripts.json answers (`scripted_model.py`). Run by `run`, in the
environment that has pyro and the frameworks; arguments name the examples, none means all.
"""

import difflib
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripted_model import Script, serve

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
PAGE = REPOSITORY / "docs/integrations.md"
# A page shows an example as a link to it, and what it prints in the block that comes next.
SHOWN = re.compile(r"\]\(\.\./examples/(\w+)\.py\)(?:(?!\n```).)*\n```text\n(.*?)```\n", re.DOTALL)
SECONDS = 150


def main(wanted: list[str]) -> int:
    shown = dict(SHOWN.findall(PAGE.read_text()))
    there = {path.stem for path in (REPOSITORY / "examples").glob("*.py")}
    if shown.keys() != there:
        print(f"{PAGE.name} and examples/ differ by {sorted(shown.keys() ^ there)}")
        return 1
    scripts = json.loads((HERE / "scripts.json").read_text())
    failed = [name for name in wanted or sorted(there) if not prints(name, shown[name], scripts.get(name))]
    if failed:
        print("examples: not as the page says:", ", ".join(failed))
    return len(failed)


def prints(name: str, expected: str, script: dict[str, object] | None) -> bool:
    """Whether the example prints just that."""
    start = time.monotonic()
    with model(script) as variables:
        ended = subprocess.run(
            [sys.executable, f"examples/{name}.py"],
            cwd=REPOSITORY,
            env=os.environ | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    print(f"examples: {name}, {time.monotonic() - start:.0f} s", flush=True)
    if ended.returncode == 0 and ended.stdout == expected:
        return True
    before, after = (text.splitlines(keepends=True) for text in (expected, ended.stdout))
    sys.stdout.writelines(difflib.unified_diff(before, after, PAGE.name, f"{name}.py"))
    print(ended.stderr, f"exit code {ended.returncode}", flush=True)
    return False


@contextmanager
def model(script: dict[str, object] | None) -> Iterator[dict[str, str]]:
    """What tells an example where the model is."""
    if script is None:
        yield {}
        return
    with serve(Script(**script)) as server:  # type: ignore[arg-type]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield {
            "OPENAI_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1",
            "OPENAI_API_KEY": "none",
        }
        server.shutdown()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
