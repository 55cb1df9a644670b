//! `pyro demo ollama`: a language model of the user's own asks a virtual machine, told step by step. The
//! model is at an endpoint that speaks OpenAI's chat completions, as Ollama does.

mod chat;
mod endpoint;
mod error;
mod tool;

use crate::block_on;
use crate::commands::env::prepare;
use crate::failure::Outcome;
use crate::interrupt::Interrupts;
use crate::settings;
use crate::ui::Ui;
use chat::{Call, Said};
use endpoint::Endpoint;
use error::OllamaError;
use pyro::Config;
use pyro::vm::DEFAULT_ENVIRONMENT;
use pyro::vm::run::{OutputLimits, RunRequest, RunResult, run};
use serde::Serialize;
use serde_json::{Value, json};
use std::process::ExitCode;
use std::time::Duration;

/// Let a local language model run a command in a real machine
///
/// The model is given one tool, vm_run, and a question that it can answer only with it. It is asked through an
/// endpoint that speaks OpenAI's chat completions, as Ollama does. Nothing it asks for is run on this host.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ollama pull llama3.2:3b && pyro demo ollama
  pyro demo ollama --model qwen3:8b -v
  pyro demo ollama --base-url http://localhost:8080/v1 --model local --json")]
pub(super) struct Arguments {
    /// Where the endpoint is: what comes before /chat/completions
    #[arg(long, default_value = "http://localhost:11434/v1", value_name = "URL")]
    base_url: String,
    /// Which of its models to ask
    #[arg(long, default_value = "llama3.2:3b", value_name = "NAME")]
    model: String,
    /// How long the model may take for each answer
    #[arg(long, default_value_t = 300, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    timeout_seconds: u64,
    /// Show on stderr all that is said to the model, and all that it says
    #[arg(short, long)]
    verbose: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

const QUESTION: &str = "\
Which Linux kernel and which version of git does the virtual machine have? Find out with the tool vm_run: let it \
run the command `uname -sr; git --version`. Then answer in one sentence.";

/// How often the model is asked. Two will do: one for its call, one for its answer.
const MAX_ROUNDS: usize = 6;
/// How many calls of one message are carried out.
const MAX_CALLS: usize = 4;

/// What happened, for `--json`.
#[derive(Debug, Serialize)]
struct Report<'a> {
    /// Where the model was asked.
    base_url: &'a str,
    /// Which one.
    model: &'a str,
    /// What it was asked.
    question: &'a str,
    /// What was run, in the order of the calls.
    runs: &'a [RunResult],
    /// What the model says in the end.
    answer: &'a str,
}

pub(super) fn demonstrate(ui: &Ui, arguments: &Arguments) -> Outcome {
    let config = settings::config()?;
    let patience = Duration::from_secs(arguments.timeout_seconds);
    let Arguments { base_url, model, verbose, .. } = arguments;
    let endpoint = Endpoint::new(&config, base_url, model, patience, *verbose);
    let endpoint = endpoint.map_err(pyro::Error::from)?;
    let mut talk = Talk { ui, config, arguments, endpoint, runs: Vec::new(), complaint: None };
    block_on(async {
        let mut interrupts = Interrupts::listen()?;
        let answer = interrupts.or(talk.hold()).await??;
        talk.conclude(&answer)?;
        Ok(ExitCode::SUCCESS)
    })
}

/// A conversation.
struct Talk<'a> {
    ui: &'a Ui,
    config: Config,
    arguments: &'a Arguments,
    endpoint: Endpoint,
    runs: Vec<RunResult>,
    /// What was wrong with the last call that was not carried out.
    complaint: Option<String>,
}

impl Talk<'_> {
    /// Question, calls, answer.
    async fn hold(&mut self) -> Outcome<String> {
        let Arguments { model, base_url, .. } = self.arguments;
        self.say(&format!("1. Ask {model} at {base_url}\n     {QUESTION}\n"))?;
        let tools = tool::described();
        let mut messages = vec![json!({"role": "user", "content": QUESTION})];
        for _ in 0..MAX_ROUNDS {
            let said = self.endpoint.ask(self.ui, &messages, &tools).await?;
            if said.calls.is_empty() {
                return self.judge(said);
            }
            messages.push(said.message());
            for (number, call) in said.calls.iter().enumerate() {
                messages.push(self.carry_out(number, call).await?);
            }
        }
        Err(self.no_answer().into())
    }

    /// An answer counts only where it can come from a machine.
    fn judge(&self, said: Said) -> Outcome<String> {
        if !self.runs.is_empty() && !said.text.is_empty() {
            return Ok(said.text);
        }
        if !self.runs.is_empty() || self.complaint.is_some() {
            return Err(self.no_answer().into());
        }
        let (model, said) = (self.arguments.model.clone(), said.excerpt());
        Err(pyro::Error::from(OllamaError::NoCall { model, said }).into())
    }

    fn no_answer(&self) -> pyro::Error {
        let model = self.arguments.model.clone();
        match &self.complaint {
            Some(why) if self.runs.is_empty() => {
                OllamaError::BadCalls { model, why: why.clone() }.into()
            }
            _ => OllamaError::NoAnswer { model }.into(),
        }
    }

    /// Does what a call asks for; the message that tells the model. What is wrong with the call is told it too,
    /// so that it can mend it.
    async fn carry_out(&mut self, number: usize, call: &Call) -> Outcome<Value> {
        let request = if number < MAX_CALLS {
            tool::request(call)
        } else {
            Err(format!("no more than {MAX_CALLS} calls at a time are carried out"))
        };
        match request {
            Ok(request) => {
                let result = self.run(&request).await?;
                let told = call.result(&tool::told(&result));
                self.runs.push(result);
                Ok(told)
            }
            Err(why) => {
                self.say(&format!("   a call that cannot be carried out: {why}\n"))?;
                let told = call.result(&format!("error: {why}"));
                self.complaint = Some(why);
                Ok(told)
            }
        }
    }

    async fn run(&self, request: &RunRequest) -> Outcome<RunResult> {
        self.say(&format!(
            "2. It calls {}, in a machine of its own\n     $ {}\n",
            tool::NAME,
            request.command
        ))?;
        if pyro::vm::Vm::boots(&self.config, &request.vm)? {
            prepare(self.ui, self.config.clone(), DEFAULT_ENVIRONMENT).await?;
        }
        let progress = self.ui.progress();
        let observer = |event| progress.observe(&event);
        let result = run(&self.config, request, OutputLimits::default(), &observer).await?;
        for line in result.stdout.lines().chain(result.stderr.lines()) {
            self.say(&format!("     {line}\n"))?;
        }
        let RunResult { vm_id, exit_code, isolation, jail, .. } = &result;
        self.say(&format!(
            "   exit code {exit_code}   {vm_id}   isolation: {isolation}   jail: {jail}\n"
        ))?;
        Ok(result)
    }

    fn conclude(&self, answer: &str) -> Outcome<()> {
        let Arguments { base_url, model, json, .. } = self.arguments;
        if *json {
            let (question, runs) = (QUESTION, &self.runs[..]);
            return Ok(self.ui.json(&Report { base_url, model, question, runs, answer })?);
        }
        self.say(&format!("3. {model} answers\n"))?;
        for line in answer.lines() {
            self.say(&format!("     {line}\n"))?;
        }
        Ok(())
    }

    /// A line of the story, which has words of the model and of the guest in it.
    fn say(&self, text: &str) -> Outcome<()> {
        if self.arguments.json { Ok(()) } else { Ok(self.ui.guest_text(text)?) }
    }
}
