//! The recipes of `docs/use-cases` as prompts, which chat hosts offer to their users as commands. One text per
//! recipe; a recipe is there where the profile has all the tools that it names. Texts only: nothing is run here.

use crate::Profile;
use crate::tools;
use rmcp::model::{JsonObject, Prompt, PromptArgument, PromptMessage, Role};

/// A recipe.
#[derive(Debug)]
pub(crate) struct Recipe {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    text: &'static str,
}

/// The one argument, which may be left out.
const GOAL: &str = "goal";
/// The longest goal that is passed on, in characters.
const MAX_GOAL: usize = 4_000;

const ALL: [Recipe; 5] = [
    Recipe {
        name: "cold-start-repo-validation",
        title: "Does this repository work from nothing?",
        description: "Follow the project's own instructions in a fresh machine, and report what holds.",
        text: include_str!("cold_start_repo_validation.md"),
    },
    Recipe {
        name: "repro-fix-loop",
        title: "Reproduce, fix, prove",
        description: "Reproduce a failure in a workspace, mend it there, and hand back a patch that is proven.",
        text: include_str!("repro_fix_loop.md"),
    },
    Recipe {
        name: "parallel-workspaces",
        title: "Try several ideas side by side",
        description: "One workspace per idea, compared by what their tests say; the best comes back as a patch.",
        text: include_str!("parallel_workspaces.md"),
    },
    Recipe {
        name: "untrusted-inspection",
        title: "Look at code that nobody trusts",
        description: "Read it, let it run without a network, and report what it did.",
        text: include_str!("untrusted_inspection.md"),
    },
    Recipe {
        name: "review-eval-workflows",
        title: "Review a change by running it",
        description: "Apply a change, keep a snapshot of it, try it out in a shell, and give a verdict.",
        text: include_str!("review_eval_workflows.md"),
    },
];

/// Those of a profile.
pub(crate) fn of(profile: Profile) -> impl Iterator<Item = &'static Recipe> {
    let offered: Vec<&str> = tools::of(profile).map(|tool| tool.name).collect();
    ALL.iter().filter(move |recipe| recipe.tools().all(|tool| offered.contains(&tool)))
}

/// The one of this name.
pub(crate) fn named(profile: Profile, name: &str) -> Option<&'static Recipe> {
    of(profile).find(|recipe| recipe.name == name)
}

impl Recipe {
    /// As a host lists it.
    pub(crate) fn describe(&self) -> Prompt {
        let goal = PromptArgument::new(GOAL).with_required(false);
        let goal = goal.with_description("what it is about, in your own words");
        Prompt::new(self.name, Some(self.description), Some(vec![goal])).with_title(self.title)
    }

    /// What the model is told.
    pub(crate) fn message(&self, arguments: &JsonObject) -> PromptMessage {
        let goal = arguments.get(GOAL).and_then(|goal| goal.as_str()).unwrap_or_default().trim();
        let goal: String = goal.chars().take(MAX_GOAL).collect();
        let asked = if goal.is_empty() { goal } else { format!("\nWhat it is about: {goal}\n") };
        PromptMessage::new_text(Role::User, [self.text, &asked].concat())
    }

    /// What it is for.
    pub(crate) fn description(&self) -> &'static str {
        self.description
    }

    /// The tools that its text names.
    fn tools(&self) -> impl Iterator<Item = &'static str> {
        let words = self.text.split(|c: char| !c.is_ascii_lowercase() && c != '_');
        words.filter(|word| NOUNS.iter().any(|noun| word.starts_with(noun)))
    }
}

/// How the names of tools begin.
const NOUNS: [&str; 5] = ["vm_", "workspace_", "snapshot_", "shell_", "service_"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_recipe_is_offered_where_its_tools_are() {
        let names = |profile| of(profile).map(|recipe| recipe.name).collect::<Vec<_>>();
        assert_eq!(names(Profile::VmRun), Vec::<&str>::new());
        assert_eq!(
            names(Profile::WorkspaceCore),
            ["repro-fix-loop", "parallel-workspaces", "untrusted-inspection"]
        );
        assert_eq!(names(Profile::WorkspaceFull).len(), ALL.len());
    }

    #[test]
    fn a_goal_comes_with_the_text_and_no_more_of_it_than_that() {
        let recipe = named(Profile::WorkspaceCore, "repro-fix-loop").unwrap();
        let text = |arguments: &str| {
            let arguments: JsonObject = serde_json::from_str(arguments).unwrap();
            serde_json::to_value(recipe.message(&arguments)).unwrap()["content"]["text"].to_string()
        };
        assert!(!text("{}").contains("What it is about"));
        assert!(text(r#"{"goal": "the median is wrong"}"#).contains("the median is wrong"));
        let long = format!(r#"{{"goal": "{}"}}"#, "x".repeat(100_000));
        assert!(text(&long).len() < MAX_GOAL + recipe.text.len() + 200);
    }
}
