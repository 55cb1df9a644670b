//! `pyro mcp serve` with a client that has introduced itself.

use crate::call::Call;
use crate::memory::peak_kib;
use crate::outcome::Outcome;
use crate::running::Running;
use crate::world::World;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::time::Duration;

/// A server lives as long as its scenario.
const LIFE: Duration = Duration::from_secs(240);

/// How a client speaks to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// It introduces itself once.
    Initialize,
    /// Every request says who asks, as from the protocol of 2026-07-28 on.
    Stateless,
}

/// A server and its only client.
#[derive(Debug)]
pub struct Server {
    running: Running,
    era: Era,
    calls: u64,
}

impl Server {
    /// Starts one with every tool.
    #[must_use]
    #[track_caller]
    pub fn start(world: &World) -> Self {
        Self::of(world.pyro(&["mcp", "serve", "--profile", "workspace-full"]), Era::Initialize)
    }

    /// Starts a call of `pyro mcp serve`.
    #[must_use]
    #[track_caller]
    pub fn of(serve: Call, era: Era) -> Self {
        let running = serve.holding_stdin().within(LIFE).start();
        let mut server = Self { running, era, calls: 0 };
        if era == Era::Initialize {
            let client = json!({"name": "scenario", "version": "1"});
            let hello =
                json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client});
            server.request("initialize", &hello);
            server.say(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        }
        server
    }

    /// Calls a tool and returns its structured answer, or its text where it has no other.
    #[track_caller]
    pub fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        let result = self.result(tool, arguments);
        assert_ne!(result["isError"], true, "{tool}: {result}");
        match &result["structuredContent"] {
            Value::Null => result["content"][0]["text"].clone(),
            structured => structured.clone(),
        }
    }

    /// Calls a tool that must fail, and returns what it says.
    #[track_caller]
    pub fn refused(&mut self, tool: &str, arguments: &Value) -> String {
        let result = self.result(tool, arguments);
        assert_eq!(result["isError"], true, "{tool}: {result}");
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }

    /// Calls a tool and returns the text of its answer.
    #[track_caller]
    pub fn text(&mut self, tool: &str, arguments: &Value) -> String {
        let result = self.result(tool, arguments);
        assert_ne!(result["isError"], true, "{tool}: {result}");
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }

    /// Calls a tool and does not wait; the number of the call.
    pub fn begin(&mut self, tool: &str, arguments: &Value) -> u64 {
        self.ask("tools/call", &json!({"name": tool, "arguments": arguments}))
    }

    /// Waits for the result of a call that was begun.
    #[track_caller]
    pub fn end_of(&mut self, call: u64) -> Value {
        self.answer(call)["result"].clone()
    }

    /// Takes a call back that was begun.
    pub fn cancel(&mut self, call: u64) {
        let params = json!({"requestId": call});
        self.say(&json!({
            "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params
        }));
    }

    /// What `tools/list` says.
    #[track_caller]
    pub fn tools(&mut self) -> Vec<Value> {
        self.request("tools/list", &json!({}))["result"]["tools"].as_array().unwrap().clone()
    }

    /// How many descriptors it holds.
    #[must_use]
    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.running.pid())).unwrap().count()
    }

    /// The most physical memory that it has had so far, in KiB.
    #[must_use]
    pub fn peak_kib(&self) -> u64 {
        peak_kib(self.running.pid()).unwrap()
    }

    /// SIGKILL.
    #[track_caller]
    pub fn kill(self) {
        self.running.signal(Signal::KILL);
        let _ = self.running.end().exits(128 + 9);
    }

    /// Closes its stdin and waits for its end.
    #[track_caller]
    pub fn end(self) -> Outcome {
        self.running.end().succeeds()
    }

    /// Calls a tool and returns all of its result.
    #[track_caller]
    pub fn result(&mut self, tool: &str, arguments: &Value) -> Value {
        let answer = self.request("tools/call", &json!({"name": tool, "arguments": arguments}));
        answer["result"].clone()
    }

    #[track_caller]
    fn request(&mut self, method: &str, params: &Value) -> Value {
        let id = self.ask(method, params);
        self.answer(id)
    }

    #[track_caller]
    fn answer(&mut self, id: u64) -> Value {
        serde_json::from_str(&self.running.line_with(&format!("\"id\":{id},"))).unwrap()
    }

    fn ask(&mut self, method: &str, params: &Value) -> u64 {
        self.calls += 1;
        let id = self.calls;
        let mut params = params.clone();
        if self.era == Era::Stateless {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": {"name": "scenario", "version": "1"},
            });
        }
        self.say(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        id
    }

    fn say(&mut self, message: &Value) {
        self.running.write(format!("{message}\n").as_bytes());
    }
}
