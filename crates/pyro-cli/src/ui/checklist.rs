//! A diagnosis of the host for people: one line per finding, the conclusion last.

use pyro::doctor::Diagnosis;
use std::fmt::Write;

/// Levels and topics in columns, hints below what they are about.
pub(crate) fn checklist(diagnosis: &Diagnosis) -> String {
    let mut text = String::new();
    let width = diagnosis.findings.iter().map(|finding| finding.topic.len()).max().unwrap_or(0);
    for finding in &diagnosis.findings {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:7}  {:width$}  {}", finding.level, finding.topic, finding.detail);
        if let Some(hint) = &finding.hint {
            let _ = writeln!(text, "{:7}  {:width$}  hint: {hint}", "", "");
        }
    }
    let _ = writeln!(text, "\n{}", diagnosis.verdict);
    for advice in &diagnosis.advice {
        let _ = writeln!(text, "{advice}");
    }
    text
}
