"""Streamable HTTP in front of a server that speaks on stdin and stdout, for test suites that know only the
former: `http_bridge.py COMMAND…` prints its URL and serves until its own standard input ends. A session that begins
with `initialize` has a server of its own; requests without a session share one. No streams of events: whoever
asks gets one answer, and what a server says besides is lost.
"""

import itertools
import json
import queue
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SESSION = "Mcp-Session-Id"
# Seconds that an answer may take.
PATIENCE = 30


class Server:
    """A process, and who waits for its answers. Ids are given anew: clients without a session share one."""

    def __init__(self):
        self.process = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.numbers = itertools.count(1)
        self.waiting = {}
        self.writing = threading.Lock()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            answer = json.loads(line)
            waiter = self.waiting.pop(answer.get("id"), None)
            if waiter is not None and "method" not in answer:
                waiter.put(answer)

    def tell(self, message):
        with self.writing:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()

    def ask(self, request):
        number, waiter = next(self.numbers), queue.Queue()
        self.waiting[number] = waiter
        self.tell({**request, "id": number})
        return {**waiter.get(timeout=PATIENCE), "id": request["id"]}

    def end(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE)


class Bridge(BaseHTTPRequestHandler):
    """One request of a client."""

    protocol_version = "HTTP/1.1"
    shared = Server()
    sessions = {}
    names = itertools.count(1)

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        session, server = self.headers.get(SESSION), self.shared
        if message.get("method") == "initialize":
            session = f"session-{next(self.names)}"
            self.sessions[session] = Server()
        if session is not None:
            server = self.sessions.get(session)
        if server is None:
            self.answer(404)
        elif "method" not in message or "id" not in message:
            server.tell(message)
            self.answer(202)
        else:
            answer = server.ask(message)
            # with status 400 for what the protocol itself refuses (2026-07-28, Streamable HTTP)
            refused = session is None and answer.get("error", {}).get("code") in (-32020, -32021, -32022)
            unknown = session is None and answer.get("error", {}).get("code") == -32601
            self.answer(400 if refused else 404 if unknown else 200, answer, session)

    def do_GET(self):
        self.answer(405)

    def do_DELETE(self):
        server = self.sessions.pop(self.headers.get(SESSION), None)
        if server is not None:
            server.end()
        self.answer(404 if server is None else 200)

    def answer(self, status, content=None, session=None):
        body = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if session is not None:
            self.send_header(SESSION, session)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words):
        """Says nothing."""


bridge = ThreadingHTTPServer(("127.0.0.1", 0), Bridge)
print(f"http://127.0.0.1:{bridge.server_port}/mcp", flush=True)
threading.Thread(target=bridge.serve_forever, daemon=True).start()
sys.stdin.read()
for server in [Bridge.shared, *Bridge.sessions.values()]:
    server.end()
