//! The endpoint that has the model: asked over HTTP, one question at a time. It may be anything, so its
//! answers are bounded in size and time.

use super::chat::{Said, excerpt};
use super::error::OllamaError;
use crate::failure::Outcome;
use crate::ui::Ui;
use pyro::Config;
use pyro::event::{Event, step};
use pyro::fetch::{Answer, Client, FetchError, is_of_this_host};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The longest answer, in bytes: far more than a model says.
const MAX_ANSWER: u64 = 4 << 20;

/// A model at an endpoint.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    client: Arc<Client>,
    url: String,
    model: String,
    patience: Duration,
    is_told: bool,
}

impl Endpoint {
    /// The model at `base_url`, which may take `patience` for each answer. With `is_told`, all that is said
    /// is shown.
    ///
    /// # Errors
    /// Plain HTTP to another host, or proxy settings that cannot be used.
    pub(super) fn new(
        config: &Config,
        base_url: &str,
        model: &str,
        patience: Duration,
        is_told: bool,
    ) -> Result<Self, OllamaError> {
        let url = format!("{}/chat/completions", base_url.trim_end_matches('/'));
        let is_here = is_of_this_host(&url);
        if !is_here && url.starts_with("http://") {
            return Err(OllamaError::PlainHttp { url });
        }
        // no proxy leads to this host
        let proxies = if is_here { &[][..] } else { &config.proxies };
        let client = Arc::new(Client::new(proxies, patience)?);
        Ok(Self { client, url, model: model.to_owned(), patience, is_told })
    }

    /// What the model says to all that was said so far.
    pub(super) async fn ask(&self, ui: &Ui, messages: &[Value], tools: &Value) -> Outcome<Said> {
        let question = json!({
            "model": self.model, "messages": messages, "tools": tools,
            "temperature": 0, "stream": false,
        });
        self.tell(ui, &format!("> POST {}", self.url), &question);
        let (status, answer) = self.wait(ui, question).await?;
        let shown = serde_json::from_slice(&answer)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&answer).into_owned()));
        self.tell(ui, &format!("< {status}"), &shown);
        Ok(self.judge(status, &answer, &shown).map_err(pyro::Error::from)?)
    }

    /// Asks on a thread of its own, because that blocks.
    async fn wait(&self, ui: &Ui, question: Value) -> Outcome<(u16, Vec<u8>)> {
        let (endpoint, progress) = (self.clone(), ui.progress());
        let work = move || {
            let observer = |event: Event| progress.observe(&event);
            let what = format!("waiting for {}", endpoint.model);
            step(&observer, &what, || endpoint.post(&question))
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(answer) => Ok(answer.map_err(pyro::Error::from)?),
            Err(broken) => std::panic::resume_unwind(broken.into_panic()),
        }
    }

    fn post(&self, question: &Value) -> Result<(u16, Vec<u8>), OllamaError> {
        let answer = self.client.post_json(&self.url, question.to_string().as_bytes());
        let read = |answer: Answer| Ok((answer.status(), answer.bytes(MAX_ANSWER)?));
        answer.and_then(read).map_err(|error| self.explain(error))
    }

    fn explain(&self, error: FetchError) -> OllamaError {
        let (url, model) = (self.url.clone(), self.model.clone());
        match error {
            error if error.is_refused_connection() => OllamaError::NobodyListens { url, model },
            FetchError::TimedOut { .. } => {
                OllamaError::Slow { model, seconds: self.patience.as_secs() }
            }
            error => error.into(),
        }
    }

    /// An answer, or why there is none: Ollama says 404 of a model that it does not have, and 400 of one that
    /// calls no tools.
    fn judge(&self, status: u16, answer: &[u8], shown: &Value) -> Result<Said, OllamaError> {
        let (url, model) = (self.url.clone(), self.model.clone());
        let said = excerpt(match &shown["error"] {
            Value::String(text) => text,
            error => error["message"].as_str().or(shown.as_str()).unwrap_or("no reason"),
        });
        match status {
            200 => Said::read(answer).map_err(|why| OllamaError::Unreadable { url, why }),
            404 if shown.get("error").is_some() => Err(OllamaError::NoModel { url, model, said }),
            400 if said.contains("does not support tools") => {
                Err(OllamaError::NoTools { model, said })
            }
            404 => Err(OllamaError::Unreadable { url, why: format!("HTTP status 404: {said}") }),
            status => Err(OllamaError::Refused { url, status, said }),
        }
    }

    fn tell(&self, ui: &Ui, heading: &str, document: &Value) {
        if self.is_told {
            ui.remark(&format!("{heading}\n{document:#}"));
        }
    }
}
