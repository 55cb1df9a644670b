//! An endpoint of OpenAI's chat completions with a model that follows a script. It keeps what it is asked.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What it answers: from the question, a status and a document.
pub(crate) type Script = fn(usize, &Value) -> (u16, Value);

/// The endpoint; it goes with the test's process.
pub(crate) struct Model {
    /// What to give as `--base-url`.
    pub(crate) base_url: String,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Model {
    /// Answers each question by the script, which is told the question's number, from 0.
    pub(crate) fn that(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let Some(question) = read(&stream) else { continue };
                let number = kept.lock().unwrap().len();
                kept.lock().unwrap().push(question.clone());
                let (status, answer) = script(number, &question);
                write(stream, status, &answer);
            }
        });
        Self { base_url, asked }
    }

    /// What it was asked.
    pub(crate) fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }
}

/// A completion in which the model says something.
pub(crate) fn says(text: &str) -> (u16, Value) {
    (200, json!({"choices": [{"message": {"role": "assistant", "content": text}}]}))
}

/// A completion in which it calls a tool with these arguments, written as they are.
pub(crate) fn calls(name: &str, arguments: &str) -> (u16, Value) {
    let call =
        json!({"id": "c", "type": "function", "function": {"name": name, "arguments": arguments}});
    let message = json!({"role": "assistant", "content": "", "tool_calls": [call]});
    (200, json!({"choices": [{"message": message}]}))
}

fn read(stream: &TcpStream) -> Option<Value> {
    let mut reader = BufReader::new(stream);
    let (mut length, mut line) = (0, String::new());
    while reader.read_line(&mut line).ok()? > 2 {
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

fn write(mut stream: TcpStream, status: u16, answer: &Value) {
    let body = answer.to_string();
    let length = body.len();
    let head = format!("HTTP/1.1 {status} -\r\nContent-Length: {length}\r\nConnection: close\r\n");
    // who asked may be gone
    let _ = write!(stream, "{head}Content-Type: application/json\r\n\r\n{body}");
}
