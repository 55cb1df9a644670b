"""A model that follows a script, behind the Responses API: it makes the script's calls one after the other, and
then says what the script says, with what it has found in the answers. So it says the right thing only if the tools
were offered, were called, and answered rightly. Standard library only.
"""

import json
import re
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Script:
    """What the model does: calls (`name`, `arguments`), then words. `{name}` in the words is the first group of the
    expression of that name, where it matches the answers."""

    calls: list[dict[str, Any]]
    found: dict[str, str]
    words: str

    def next_item(self, request: dict[str, Any]) -> dict[str, Any]:
        """The one item of the model's turn."""
        answers = [item["output"] for item in request["input"] if item.get("type") == "function_call_output"]
        number = len(answers)
        if number == len(self.calls):
            return message(number, self.conclusion(answers))
        call = self.calls[number]
        offered = [tool["name"] for tool in request["tools"]]
        if call["name"] not in offered:
            return message(number, f"no {call['name']} among {offered}")
        arguments = json.dumps(call["arguments"])
        return {
            "type": "function_call",
            "id": f"fc_{number}",
            "call_id": f"call_{number}",
            "name": call["name"],
            "arguments": arguments,
            "status": "completed",
        }

    def conclusion(self, answers: list[str]) -> str:
        """The last words."""
        everything = "\n=== ".join(["", *answers])
        matches = {name: re.search(pattern, everything) for name, pattern in self.found.items()}
        missing = [name for name, match in matches.items() if match is None]
        if missing:
            return f"no {missing} in the answers:{everything}"
        return self.words.format(**{name: match[1] for name, match in matches.items() if match})


def message(number: int, text: str) -> dict[str, Any]:
    """What the model says instead of a call."""
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {
        "type": "message",
        "id": f"msg_{number}",
        "role": "assistant",
        "status": "completed",
        "content": content,
    }


class Turn(BaseHTTPRequestHandler):
    """One request of the Responses API, not streamed."""

    script: Script

    def do_POST(self) -> None:  # the base class calls it so
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        item = self.script.next_item(request)
        details = {"cached_tokens": 0, "reasoning_tokens": 0}
        usage = {
            "input_tokens": 1,
            "input_tokens_details": details,
            "output_tokens": 1,
            "output_tokens_details": details,
            "total_tokens": 2,
        }
        response = {
            # some frameworks take two of one id for one
            "id": f"resp_{item['id']}",
            "object": "response",
            "created_at": 0,
            "status": "completed",
            "model": request["model"],
            "output": [item],
            "parallel_tool_calls": False,
            "tool_choice": "auto",
            "tools": [],
            "usage": usage,
        }
        body = json.dumps(response).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """What goes wrong shows in what the example prints."""


def serve(script: Script) -> ThreadingHTTPServer:
    """A server for this script, at a port of 127.0.0.1 that was free; its `serve_forever` answers."""
    handler = type("ScriptedTurn", (Turn,), {"script": script})
    return ThreadingHTTPServer(("127.0.0.1", 0), handler)
