//! Every error code that pyro can answer with, found where errors say it of themselves: the strings in
//! `fn code` of `impl Diagnose`, and the code of a `Report` that is written down. What a code means is the
//! documentation of the variant, or the comment behind the string where several codes share one.

use super::documents::{Documents, lower, text_of};
use crate::repository::Repository;
use crate::syntax::{Arm, RustFile, Token, closing, innermost_arms, outer_variants};
use std::ops::Range;

/// A code of one error type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Code {
    /// What scripts match on.
    pub(crate) code: String,
    /// Of which kinds such an error is, as scripts see it; none where it is not known here.
    pub(crate) kinds: Vec<String>,
    /// What has happened, in sentences.
    pub(crate) meanings: Vec<String>,
    /// Where it is made.
    pub(crate) path: String,
    /// On which line.
    pub(crate) line: usize,
}

/// So many tokens may lie between `Report` and its code: `Report { kind: Kind::Usage, code: "…"`.
const HEAD: usize = 10;
/// The implementation that only passes on what another process said.
const PASSED_ON: &str = "Report";

/// All of them, as they are found.
pub(crate) fn all(repository: &Repository) -> Vec<Code> {
    let documents = Documents::of(repository);
    let shipped = repository.rust().iter().filter(|file| !file.is_test);
    let crates = shipped.filter(|file| file.path.starts_with("crates/"));
    crates
        .flat_map(|file| {
            let source = Source { file, text: text_of(repository, file), documents: &documents };
            let mut codes: Vec<Code> =
                implementations(file).into_iter().flat_map(|one| source.codes(&one)).collect();
            codes.extend(source.reports());
            codes
        })
        .collect()
}

/// Those of which the sources do not say what they mean, or of which kind they are.
pub(crate) fn unexplained(repository: &Repository) -> Vec<Code> {
    let is_open = |code: &Code| code.meanings.is_empty() || code.kinds.is_empty();
    all(repository).into_iter().filter(is_open).collect()
}

/// `impl Diagnose for NAME { … }`.
struct Implementation {
    name: String,
    body: Range<usize>,
}

fn implementations(file: &RustFile) -> Vec<Implementation> {
    let tokens = &file.tokens;
    let heads = tokens.windows(4).enumerate().filter(|(at, head)| {
        let is_head = head[0].is_word("Diagnose") && head[1].is_word("for") && head[3].is_mark('{');
        is_head && !file.in_test(*at)
    });
    let found = heads.filter_map(|(at, head)| {
        let name = head[2].word()?.to_owned();
        Some(Implementation { name, body: at + 4..closing(tokens, at + 3) })
    });
    found.filter(|one| one.name != PASSED_ON).collect()
}

/// The body of a function among these tokens.
fn function(tokens: &[Token], within: Range<usize>, name: &str) -> Option<Range<usize>> {
    let at = within.clone().find(|&at| {
        tokens[at].is_word("fn") && tokens.get(at + 1).is_some_and(|next| next.is_word(name))
    })?;
    let open = (at..within.end).find(|&at| tokens[at].is_mark('{'))?;
    Some(open + 1..closing(tokens, open))
}

struct Source<'a> {
    file: &'a RustFile,
    text: Vec<&'a str>,
    documents: &'a Documents,
}

impl Source<'_> {
    fn codes(&self, one: &Implementation) -> Vec<Code> {
        let tokens = &self.file.tokens;
        let Some(body) = function(tokens, one.body.clone(), "code") else { return Vec::new() };
        let kinds = Kinds::read(tokens, function(tokens, one.body.clone(), "kind"));
        let mut codes = Vec::new();
        for arm in innermost_arms(tokens, body) {
            let named = self.named(one, &arm);
            for token in &tokens[arm.value.clone()] {
                let Some(code) = token.text() else { continue };
                let said = self.comment(token.line).map(|comment| vec![comment]);
                let documented = || {
                    let of = |(name, variant): &(String, String)| {
                        self.documents.of_variant(&self.file.path, name, variant)
                    };
                    let variants: Vec<String> = named.iter().filter_map(of).collect();
                    let whole = || self.documents.of_type(&self.file.path, &one.name);
                    if named.is_empty() && arm.pattern.is_empty() {
                        whole().into_iter().collect()
                    } else {
                        variants
                    }
                };
                codes.push(Code {
                    code: code.to_owned(),
                    kinds: kinds.of(tokens, &arm),
                    meanings: said.unwrap_or_else(documented),
                    path: self.file.path.clone(),
                    line: token.line,
                });
            }
        }
        codes
    }

    /// The variants of a pattern, `Self` by its name.
    fn named(&self, one: &Implementation, arm: &Arm) -> Vec<(String, String)> {
        let mut variants = outer_variants(&self.file.tokens, arm.pattern.clone());
        for (name, _) in &mut variants {
            if name == "Self" {
                name.clone_from(&one.name);
            }
        }
        variants
    }

    /// `Report { kind: Kind::…, code: "…", … }`, written down where there is no error type.
    fn reports(&self) -> Vec<Code> {
        let tokens = &self.file.tokens;
        let field = tokens.windows(3).enumerate().filter(|(at, window)| {
            window[0].is_word("code") && window[1].is_mark(':') && !self.file.in_test(*at)
        });
        let fields = field.filter_map(|(at, window)| Some((at, window[2].text()?, window[2].line)));
        let in_reports = fields.filter(|(at, ..)| {
            let before = &tokens[at.saturating_sub(HEAD)..*at];
            before.windows(2).any(|two| two[0].is_word("Report") && two[1].is_mark('{'))
        });
        in_reports
            .map(|(at, code, line)| Code {
                code: code.to_owned(),
                kinds: kinds_in(&tokens[at.saturating_sub(HEAD)..at]),
                meanings: self.comment(line).into_iter().collect(),
                path: self.file.path.clone(),
                line,
            })
            .collect()
    }

    /// What a comment behind a string on this line says.
    fn comment(&self, line: usize) -> Option<String> {
        let (_, behind) = self.text.get(line - 1)?.rsplit_once('"')?;
        let (_, comment) = behind.split_once("// ")?;
        Some(comment.trim().to_owned())
    }
}

/// What `fn kind` answers: by the tokens of each pattern.
struct Kinds {
    arms: Vec<(Arm, Vec<String>)>,
}

impl Kinds {
    fn read(tokens: &[Token], body: Option<Range<usize>>) -> Self {
        let arms = body.map(|body| innermost_arms(tokens, body)).unwrap_or_default();
        let of = |arm: Arm| {
            let kinds = kinds_in(&tokens[arm.value.clone()]);
            (arm, kinds)
        };
        Self { arms: arms.into_iter().map(of).collect() }
    }

    /// The kinds of what matches the pattern of another arm: the arm with this very pattern, else those that name
    /// one of its variants, else the one for everything, first of those beside it.
    fn of(&self, tokens: &[Token], arm: &Arm) -> Vec<String> {
        let text = |range: &Range<usize>| {
            tokens[range.clone()].iter().map(|token| &token.kind).collect::<Vec<_>>()
        };
        let variants = |range: &Range<usize>| outer_variants(tokens, range.clone());
        let share = |one: &Range<usize>, other: &Range<usize>| {
            variants(one).iter().any(|variant| variants(other).contains(variant))
        };
        let same = |other: &Arm| {
            let wanted = text(&arm.pattern);
            !wanted.is_empty()
                && text(&other.pattern).windows(wanted.len()).any(|part| part == wanted)
        };
        let beside =
            |other: &Arm| variants(&other.pattern).is_empty() && share(&other.within, &arm.within);
        let for_all = |other: &Arm| variants(&other.pattern).is_empty() && other.within.is_empty();
        let mut kinds = self.first(same).unwrap_or_default();
        if kinds.is_empty() {
            // the last that names a variant is the most general
            for variant in &variants(&arm.pattern) {
                let named = |other: &Arm| variants(&other.pattern).contains(variant);
                kinds.extend(self.last(named).unwrap_or_default());
            }
        }
        if kinds.is_empty() {
            let around = |other: &Arm| share(&other.pattern, &arm.within);
            kinds = self
                .first(beside)
                .or_else(|| self.last(around))
                .or_else(|| self.first(for_all))
                .unwrap_or_default();
        }
        kinds.sort();
        kinds.dedup();
        kinds
    }

    fn first(&self, is_meant: impl Fn(&Arm) -> bool) -> Option<Vec<String>> {
        self.arms.iter().find(|(arm, _)| is_meant(arm)).map(|(_, kinds)| kinds.clone())
    }

    fn last(&self, is_meant: impl Fn(&Arm) -> bool) -> Option<Vec<String>> {
        self.arms.iter().rev().find(|(arm, _)| is_meant(arm)).map(|(_, kinds)| kinds.clone())
    }
}

/// The `Kind::…` among these tokens, as scripts see them.
fn kinds_in(tokens: &[Token]) -> Vec<String> {
    let named = tokens.windows(4).filter_map(|window| {
        let is_kind = window[0].is_word("Kind") && window[1].is_mark(':') && window[2].is_mark(':');
        window[3].word().filter(|_| is_kind)
    });
    named.map(|name| lower(name, '_')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"//! Errors.
/// Of this.
#[derive(Debug)]
pub enum E {
    /// The first.
    #[error("a, {b}")]
    First { b: u8 },
    /// The second
    /// thing.
    Second(Refusal),
    Plain,
}
impl Diagnose for E {
    fn kind(&self) -> Kind {
        match self {
            Self::First { b: 7 } => Kind::Busy,
            Self::First { .. } => Kind::NotFound,
            _ => Kind::Host,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::First { b: 7 } => "seven", // It is seven.
            Self::First { .. } => "first",
            Self::Second(why) => match why { Refusal::Full => "full", _ => why.code() },
            Self::Plain => "plain",
        }
    }
}
/// Alone.
struct Alone;
impl Diagnose for Alone {
    fn kind(&self) -> Kind { Kind::Usage }
    fn code(&self) -> &'static str { "alone" }
}
"#;

    #[test]
    fn codes_are_found_with_kind_and_meaning() {
        let refusal = "//! R.\npub enum Refusal {\n    /// No room.\n    Full,\n}\n";
        let repository =
            Repository::sample(&[("crates/a/src/e.rs", SOURCE), ("crates/b/src/r.rs", refusal)]);
        let found: Vec<(String, String, String)> = all(&repository)
            .into_iter()
            .map(|code| (code.code, code.kinds.join(" "), code.meanings.join(" ")))
            .collect();
        let expected = [
            ("seven", "busy", "It is seven."),
            ("first", "not_found", "The first."),
            ("full", "host", "No room."),
            ("plain", "host", ""),
            ("alone", "usage", "Alone."),
        ];
        assert_eq!(found, expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())));
        let open: Vec<String> =
            unexplained(&repository).into_iter().map(|code| code.code).collect();
        assert_eq!(open, ["plain"]);
    }
}
