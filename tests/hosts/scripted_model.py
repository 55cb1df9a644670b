"""A model that follows a script, behind the Messages API: first it calls pyro's vm_run with the
command given as argument, then it repeats what the tool answered. Prints its port; serves until
it is killed. Knows nothing of pyro beyond the tool's name.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOOL = "mcp__pyro__vm_run"


def tool_answer(messages):
    """The text of the last tool result, or None before there is one."""
    for message in reversed(messages):
        content = message["content"]
        for block in content if isinstance(content, list) else []:
            if block.get("type") == "tool_result":
                return block["content"] if isinstance(block["content"], str) else "".join(
                    part.get("text", "") for part in block["content"]
                )
    return None


def next_step(request):
    """The one content block of the model's turn."""
    offered = [tool["name"] for tool in request.get("tools", [])]
    answer = tool_answer(request["messages"])
    if answer is not None:
        return {"type": "text", "text": answer}
    if TOOL in offered:
        return {"type": "tool_use", "id": "toolu_1", "name": TOOL, "input": {"command": sys.argv[1]}}
    return {"type": "text", "text": f"no {TOOL} among {offered}"}


def events(block):
    """The turn as the API streams it."""
    is_tool = block["type"] == "tool_use"
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "scripted",
               "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
    start = {**block, "input": {}} if is_tool else {"type": "text", "text": ""}
    delta = ({"type": "input_json_delta", "partial_json": json.dumps(block["input"])} if is_tool
             else {"type": "text_delta", "text": block["text"]})
    reason = "tool_use" if is_tool else "end_turn"
    return [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": start},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None},
         "usage": usage},
        {"type": "message_stop"},
    ]


class Model(BaseHTTPRequestHandler):
    """One request of the client."""

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "count_tokens" in self.path:
            return self.answer("application/json", json.dumps({"input_tokens": 1}))
        stream = "".join(
            f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"
            for event in events(next_step(request))
        )
        return self.answer("text/event-stream", stream)

    def do_GET(self):
        self.answer("application/json", "{}")

    do_HEAD = do_GET

    def answer(self, kind, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
print(server.server_address[1], flush=True)
server.serve_forever()
