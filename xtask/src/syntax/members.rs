//! The variants of an enum, and the named fields of a struct.

use super::Token;
use super::matches::closing;
use std::ops::Range;

/// One of them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    /// Where it begins, with its attributes.
    pub(crate) line: usize,
    /// The words and texts of its attributes.
    pub(crate) attributes: Vec<String>,
    /// The tokens behind its name: a field's type, with the colon.
    pub(crate) rest: Range<usize>,
}

/// Those of the item whose name ends before `at`; none where it has no braces.
pub(crate) fn members(tokens: &[Token], at: usize) -> Vec<Member> {
    let ends = |token: &Token| ['{', ';', '('].iter().any(|mark| token.is_mark(*mark));
    match (at..tokens.len()).find(|&at| ends(&tokens[at])) {
        Some(open) if tokens[open].is_mark('{') => within(tokens, open + 1..closing(tokens, open)),
        _ => Vec::new(),
    }
}

fn within(tokens: &[Token], body: Range<usize>) -> Vec<Member> {
    let (mut found, mut at) = (Vec::new(), body.start);
    while at < body.end {
        let line = tokens[at].line;
        let mut attributes = Vec::new();
        while tokens[at].is_mark('#') {
            let close = closing(tokens, at + 1);
            let words = tokens[at..close].iter().filter_map(|token| token.word().or(token.text()));
            attributes.extend(words.map(str::to_owned));
            at = close + 1;
        }
        if tokens[at].is_word("pub") {
            at += 1;
            if tokens[at].is_mark('(') {
                at = closing(tokens, at) + 1;
            }
        }
        let Some(name) = tokens[at].word() else { break };
        let end = end_of_member(tokens, at + 1..body.end);
        found.push(Member { name: name.to_owned(), line, attributes, rest: at + 1..end });
        at = end + 1;
    }
    found
}

/// Before the comma that is in no bracket, angles included.
fn end_of_member(tokens: &[Token], range: Range<usize>) -> usize {
    let (mut at, mut angles) = (range.start, 0_i32);
    while at < range.end && (angles > 0 || !tokens[at].is_mark(',')) {
        let opens = ['(', '[', '{'].iter().any(|mark| tokens[at].is_mark(*mark));
        let is_arrow = tokens[at].is_mark('>') && tokens[at - 1].is_mark('-');
        angles += i32::from(tokens[at].is_mark('<'));
        angles -= i32::from(tokens[at].is_mark('>') && !is_arrow);
        at = if opens { closing(tokens, at) + 1 } else { at + 1 };
    }
    at.min(range.end)
}

#[cfg(test)]
mod tests {
    use super::super::lexer::tokens;
    use super::*;

    fn names(source: &str) -> Vec<(String, usize, String)> {
        let tokens = tokens(source);
        let name = |member: Member| (member.name, member.line, member.attributes.join(" "));
        members(&tokens, 2).into_iter().map(name).collect()
    }

    #[test]
    fn fields_and_variants_are_found_with_their_attributes() {
        let source = "struct S<'a> {\n    #[serde(rename = \"b\")]\n    pub(crate) a: Map<A, [B; 2]>,\n    c: fn(A) -> B, d: &'a str }";
        let found = names(source);
        let expected = [("a", 2, "serde rename b"), ("c", 4, ""), ("d", 4, "")];
        assert_eq!(found, expected.map(|(name, line, of)| (name.into(), line, of.into())));
        let found = names("enum E {\n    A { a: A, b: B },\n    #[x]\n    B(C, D),\n    C = 7,\n}");
        let expected = [("A", 2, ""), ("B", 3, "x"), ("C", 5, "")];
        assert_eq!(found, expected.map(|(name, line, of)| (name.into(), line, of.into())));
        assert_eq!(names("struct T(A, B);"), []);
    }
}
