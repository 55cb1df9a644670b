"""A model that follows a script, behind the Messages, Responses and Chat Completions APIs: it calls pyro's tools
with the arguments of the JSON file given as argument, one after the other, and then repeats what they
answered, each answer behind a line with the tool's name. Prints its port; serves until it is killed.
Knows nothing of pyro beyond what the script says.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SERVER = "mcp__pyro"
with open(sys.argv[1], encoding="utf-8") as file:
    SCRIPT = json.load(file)


def text_of(content):
    """The text of a message's or a tool result's content."""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


def closing_words(answers):
    return "\n".join(f"=== {step['tool']}\n{answer}" for step, answer in zip(SCRIPT, answers))


class Messages:
    """One turn in the Messages API."""

    def __init__(self, request):
        self.answers = [
            text_of(block["content"])
            for message in request["messages"] if isinstance(message["content"], list)
            for block in message["content"] if block.get("type") == "tool_result"
        ]
        self.offered = [tool["name"] for tool in request.get("tools", [])]

    def block(self):
        """The one content block of the turn."""
        if not self.offered:
            return {"type": "text", "text": "a title"}
        if len(self.answers) == len(SCRIPT):
            return {"type": "text", "text": closing_words(self.answers)}
        step = SCRIPT[len(self.answers)]
        name = f"{SERVER}__{step['tool']}"
        if name not in self.offered:
            return {"type": "text", "text": f"no {name} among {self.offered}"}
        number = f"toolu_{len(self.answers)}"
        return {"type": "tool_use", "id": number, "name": name, "input": step["arguments"]}

    def events(self):
        """The turn as the API streams it."""
        block = self.block()
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


class Responses:
    """One turn in the Responses API. Tools of MCP servers are behind a search at first."""

    def __init__(self, request):
        items = request["input"]
        self.answers = [
            text_of(item["output"]) for item in items if item["type"] == "function_call_output"
        ]
        self.has_searched = any(item["type"] == "tool_search_output" for item in items)
        self.can_search = any(tool.get("type") == "tool_search" for tool in request["tools"])

    def item(self):
        """The one output item of the turn."""
        number = len(self.answers)
        if number == len(SCRIPT):
            content = [{"type": "output_text", "text": closing_words(self.answers),
                        "annotations": []}]
            return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
                    "content": content}
        if self.can_search and not self.has_searched:
            query = " ".join(step["tool"] for step in SCRIPT)
            return {"type": "tool_search_call", "id": "ts_1", "call_id": "search",
                    "execution": "client", "status": "completed",
                    "arguments": {"query": query, "limit": 20}}
        step = SCRIPT[number]
        return {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}",
                "namespace": SERVER, "name": step["tool"], "status": "completed",
                "arguments": json.dumps(step["arguments"])}

    def events(self):
        """The turn as the API streams it."""
        item = self.item()
        usage = {"input_tokens": 1, "input_tokens_details": None, "output_tokens": 1,
                 "output_tokens_details": None, "total_tokens": 2}
        response = {"id": "resp_1", "object": "response", "model": "scripted", "output": []}
        return [
            {"type": "response.created", "response": {**response, "status": "in_progress"}},
            {"type": "response.output_item.added", "output_index": 0, "item": item},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed",
             "response": {**response, "status": "completed", "output": [item], "usage": usage}},
        ]


class Completions:
    """One turn in the Chat Completions API."""

    def __init__(self, request):
        messages = request["messages"]
        self.answers = [text_of(each["content"]) for each in messages if each["role"] == "tool"]
        self.offered = [tool["function"]["name"] for tool in request.get("tools", [])]

    def delta(self):
        """What the turn adds, and why it ends."""
        if not self.offered:
            return {"content": "a title"}, "stop"
        if len(self.answers) == len(SCRIPT):
            return {"content": closing_words(self.answers)}, "stop"
        step = SCRIPT[len(self.answers)]
        named = [name for name in self.offered if name.endswith(f"_{step['tool']}")]
        if not named:
            return {"content": f"no {step['tool']} among {self.offered}"}, "stop"
        function = {"name": named[0], "arguments": json.dumps(step["arguments"])}
        call = {"index": 0, "id": f"call_{len(self.answers)}", "type": "function"}
        return {"tool_calls": [{**call, "function": function}]}, "tool_calls"

    def events(self):
        """The turn as the API streams it."""
        delta, reason = self.delta()
        chunk = {"id": "chat_1", "object": "chat.completion.chunk", "created": 1, "model": "scripted"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        choices = [
            {"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": None},
            {"index": 0, "delta": {}, "finish_reason": reason},
        ]
        return [{**chunk, "choices": [choice], "usage": usage} for choice in choices]


APIS = {"/responses": Responses, "/completions": Completions, "/messages": Messages}


class Model(BaseHTTPRequestHandler):
    """One request of a host."""

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "count_tokens" in self.path:
            return self.answer("application/json", json.dumps({"input_tokens": 1}))
        path = self.path.split("?")[0]
        turn = next(api for end, api in APIS.items() if path.endswith(end))(request)
        stream = "".join(
            (f"event: {event['type']}\n" if "type" in event else "") + f"data: {json.dumps(event)}\n\n"
            for event in turn.events()
        )
        return self.answer("text/event-stream", stream + "data: [DONE]\n\n" * isinstance(turn, Completions))

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
