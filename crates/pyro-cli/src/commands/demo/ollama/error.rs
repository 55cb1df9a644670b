//! Why a model and a machine did not come together.

use pyro::Kind;
use pyro::error::Diagnose;
use pyro::fetch::FetchError;

/// Errors of `pyro demo ollama`.
#[derive(Debug, thiserror::Error)]
pub(super) enum OllamaError {
    /// Nobody listens at the address of the endpoint.
    #[error("nobody listens at {url}")]
    NobodyListens { url: String, model: String },
    /// The endpoint is on another host and is not encrypted.
    #[error("{url} is plain HTTP to another host, where anybody on the way reads along")]
    PlainHttp { url: String },
    /// The endpoint has no such model.
    #[error("{url} has no model {model:?}: {said}")]
    NoModel { url: String, model: String, said: String },
    /// The model cannot call tools.
    #[error("{model} cannot call tools: {said}")]
    NoTools { model: String, said: String },
    /// The endpoint answers with an error.
    #[error("{url} answers with HTTP status {status}: {said}")]
    Refused { url: String, status: u16, said: String },
    /// The model takes longer than it may.
    #[error("{model} has not answered within {seconds} s")]
    Slow { model: String, seconds: u64 },
    /// What comes is no chat completion.
    #[error("{url} answers with something that is no chat completion: {why}")]
    Unreadable { url: String, why: String },
    /// The model answers without a look into a machine.
    #[error("{model} did not call the tool; it said: {said}")]
    NoCall { model: String, said: String },
    /// No call of the model's could be carried out.
    #[error("{model} made no call that could be carried out; the last one: {why}")]
    BadCalls { model: String, why: String },
    /// The model has had its results, and does not say what they are.
    #[error("{model} was told what came of its calls, and has not come to an answer")]
    NoAnswer { model: String },
    /// The connection fails.
    #[error(transparent)]
    Fetch(#[from] FetchError),
}

impl Diagnose for OllamaError {
    fn kind(&self) -> Kind {
        match self {
            Self::PlainHttp { .. } => Kind::Denied,
            Self::NoModel { .. } => Kind::NotFound,
            Self::Slow { .. } => Kind::Timeout,
            Self::Fetch(error) => error.kind(),
            Self::NobodyListens { .. }
            | Self::NoTools { .. }
            | Self::Refused { .. }
            | Self::Unreadable { .. }
            | Self::NoCall { .. }
            | Self::BadCalls { .. }
            | Self::NoAnswer { .. } => Kind::Host,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NobodyListens { .. } => "model_endpoint_unreachable",
            Self::PlainHttp { .. } => "model_endpoint_in_the_open",
            Self::NoModel { .. } => "no_model",
            Self::NoTools { .. } => "model_without_tools",
            Self::Refused { .. } => "model_endpoint_refused",
            Self::Slow { .. } => "model_timeout",
            Self::Unreadable { .. } => "model_answer_unreadable",
            Self::NoCall { .. } => "model_calls_no_tool",
            Self::BadCalls { .. } => "model_calls_malformed",
            Self::NoAnswer { .. } => "model_without_answer",
            Self::Fetch(error) => error.code(),
        }
    }

    fn hints(&self) -> Vec<String> {
        const ANOTHER: &str =
            "--model names another one; small models often call no tools, or call them wrongly";
        match self {
            Self::NobodyListens { model, .. } => vec![
                "install Ollama (https://ollama.com/download) and start it: `ollama serve`".into(),
                format!("then get the model: `ollama pull {model}`"),
                "--base-url names another endpoint that speaks OpenAI's chat completions".into(),
            ],
            Self::PlainHttp { .. } => vec![
                "use https, or bring the endpoint here: `ssh -L 11434:localhost:11434 HOST`".into(),
            ],
            Self::NoModel { model, .. } => {
                vec![format!("`ollama pull {model}` gets it; `ollama list` shows what is there")]
            }
            Self::NoTools { .. } | Self::NoCall { .. } | Self::BadCalls { .. } => {
                vec![ANOTHER.into(), "-v shows what is said".into()]
            }
            Self::NoAnswer { .. } => vec![ANOTHER.into()],
            Self::Slow { .. } => vec![
                "a model is loaded at its first question: try again, or allow more with \
                 --timeout-seconds"
                    .into(),
            ],
            Self::Unreadable { .. } => {
                vec!["--base-url must end where /chat/completions begins, as in …:11434/v1".into()]
            }
            Self::Refused { .. } => vec!["-v shows what is said".into()],
            Self::Fetch(error) => error.hints(),
        }
    }
}
