"""Takes apart what the scripted model says at the end: `told.py SAID DIRECTORY` writes what each tool
answered into a file with the number of its step. Some hosts wrap the text of an answer in JSON.
"""

import json
import os
import re
import sys


def plain(answer):
    """The text of an answer, whatever the host has made of it."""
    start = answer.find("[{")
    if start >= 0 and "Output:" in answer[:start]:
        answer = answer[start:]
    elif "Output:\n" in answer[:200]:
        answer = answer.split("Output:\n", 1)[1]
    try:
        parsed = json.loads(answer)
    except ValueError:
        return answer
    if isinstance(parsed, list):
        return "".join(part.get("text", "") for part in parsed)
    return answer


with open(sys.argv[1], encoding="utf-8") as said:
    answers = re.split(r"^=== \w+\n", said.read(), flags=re.MULTILINE)[1:]
os.makedirs(sys.argv[2], exist_ok=True)
for number, answer in enumerate(answers, start=1):
    with open(os.path.join(sys.argv[2], str(number)), "w", encoding="utf-8") as file:
        file.write(plain(answer))
sys.exit(0 if answers else f"nothing was told: {sys.argv[1]}")
