"""Tries several patches at the same time, each in a workspace of its own, and picks the one that passes.

Prints a line for each patch, in the order of the candidates, and then the best one. This is the loop behind
evaluating an agent, or several answers of one model.
"""

import asyncio
from pathlib import Path

from pyro_mcp import AsyncPyro, PyroError

PROJECT = Path(__file__).with_name("project")

PATCH = """\
--- a/total
+++ b/total
@@ -1,3 +1,3 @@
 #!/bin/sh
 # Adds up the second column of a file.
-awk 'NR > 1 { sum += $2 } END { print sum }' "$1"
+awk '{program}' "$1"
"""

CANDIDATES = {
    "skip two lines": "NR > 2 { sum += $2 } END { print sum }",
    "add the names": "{ sum += $1 } END { print sum }",
    "skip nothing": "{ sum += $2 } END { print sum }",
}


async def evaluate(pyro: AsyncPyro, program: str) -> tuple[bool, str]:
    """Whether the project's check passes with this patch, and what it says."""
    async with pyro.workspace("debian:12", seed_path=PROJECT) as workspace:
        try:
            await workspace.apply_patch(PATCH.replace("{program}", program))
        except PyroError as error:  # a patch that does not apply is an answer too
            return False, str(error)
        checked = await workspace.exec("sh check", timeout_seconds=120)
        return checked["exit_code"] == 0, checked["stdout"].strip()


async def main() -> None:
    pyro = AsyncPyro()
    answers = await asyncio.gather(*(evaluate(pyro, each) for each in CANDIDATES.values()))
    verdicts = dict(zip(CANDIDATES, answers, strict=True))
    for name, (passes, said) in verdicts.items():
        print(f"{'pass' if passes else 'fail'}  {name:14}  {said}")
    best = next((name for name, (passes, _) in verdicts.items() if passes), None)
    print("best:", best)


if __name__ == "__main__":
    asyncio.run(main())
