//! The arms of `match` expressions, nested ones too.

use super::Token;
use super::lexer::Kind;
use std::ops::Range;

/// An arm whose value holds no other `match`: `PATTERN => VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arm {
    /// The tokens of the pattern of the arm that its `match` is the value of; none where that is no arm's.
    pub(crate) within: Range<usize>,
    /// The tokens of its pattern; none where there is no `match` at all.
    pub(crate) pattern: Range<usize>,
    /// The tokens of its value.
    pub(crate) value: Range<usize>,
}

/// The innermost arms among the tokens of `body`; the whole of it as one where it holds no `match`.
pub(crate) fn innermost_arms(tokens: &[Token], body: Range<usize>) -> Vec<Arm> {
    let mut arms = Vec::new();
    let mut at = body.start;
    while at < body.end {
        if !tokens[at].is_word("match") {
            at += 1;
            continue;
        }
        let Some(open) = (at..body.end).find(|&index| tokens[index].is_mark('{')) else { break };
        let end = closing(tokens, open);
        arms.extend(arms_within(tokens, open + 1..end.min(body.end)));
        at = end + 1;
    }
    if arms.is_empty() {
        let none = body.start..body.start;
        arms.push(Arm { within: none.clone(), pattern: none, value: body });
    }
    arms
}

/// The arms between the braces of one `match`.
fn arms_within(tokens: &[Token], inside: Range<usize>) -> Vec<Arm> {
    let mut arms = Vec::new();
    let mut at = inside.start;
    while at < inside.end {
        let Some(arrow) = arrow_after(tokens, at..inside.end) else { break };
        let pattern = at..arrow;
        let start = arrow + 2;
        let end = end_of_value(tokens, start..inside.end);
        for inner in innermost_arms(tokens, start..end) {
            arms.push(if inner.pattern.is_empty() {
                Arm { within: 0..0, pattern: pattern.clone(), value: inner.value }
            } else if inner.within.is_empty() {
                Arm { within: pattern.clone(), ..inner }
            } else {
                inner
            });
        }
        at = end;
        at += usize::from(at < inside.end && tokens[at].is_mark(','));
    }
    arms
}

fn arrow_after(tokens: &[Token], range: Range<usize>) -> Option<usize> {
    range
        .clone()
        .find(|&at| at + 1 < range.end && tokens[at].is_mark('=') && tokens[at + 1].is_mark('>'))
}

/// A value ends with its block, or before the comma that follows it.
fn end_of_value(tokens: &[Token], range: Range<usize>) -> usize {
    if range.start < range.end && tokens[range.start].is_mark('{') {
        return closing(tokens, range.start) + 1;
    }
    let mut at = range.start;
    while at < range.end && !tokens[at].is_mark(',') {
        at = if opens(&tokens[at]) { closing(tokens, at) + 1 } else { at + 1 };
    }
    at.min(range.end)
}

/// Where the bracket that opens at `open` is closed; the last token where it never is.
pub(crate) fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            Kind::Mark('(' | '[' | '{') => depth += 1,
            Kind::Mark(')' | ']' | '}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    tokens.len().saturating_sub(1)
}

fn opens(token: &Token) -> bool {
    matches!(token.kind, Kind::Mark('(' | '[' | '{'))
}

/// The pairs `Type::Variant` of a pattern, without those inside of it.
pub(crate) fn outer_variants(tokens: &[Token], pattern: Range<usize>) -> Vec<(String, String)> {
    let mut variants = Vec::new();
    let mut at = pattern.start;
    while at < pattern.end {
        if opens(&tokens[at]) {
            at = closing(tokens, at) + 1;
            continue;
        }
        if let [one, first, second, other, ..] = &tokens[at..]
            && first.is_mark(':')
            && second.is_mark(':')
            && let (Some(one), Some(other)) = (one.word(), other.word())
        {
            variants.push((one.to_owned(), other.to_owned()));
            // the second word may begin the next pair
            at += 3;
            continue;
        }
        at += 1;
    }
    variants
}

#[cfg(test)]
mod tests {
    use super::super::lexer::tokens;
    use super::*;

    type Pairs = Vec<(String, String)>;

    fn read(source: &str) -> Vec<(Pairs, Vec<String>)> {
        let tokens = tokens(source);
        let arms = innermost_arms(&tokens, 0..tokens.len());
        let texts = |arm: &Arm| {
            let texts = tokens[arm.value.clone()].iter().filter_map(Token::text);
            texts.map(str::to_owned).collect()
        };
        arms.iter().map(|arm| (outer_variants(&tokens, arm.pattern.clone()), texts(arm))).collect()
    }

    fn pairs(of: &[(&str, &str)]) -> Pairs {
        of.iter().map(|(one, other)| ((*one).into(), (*other).into())).collect()
    }

    #[test]
    fn arms_are_found_in_every_shape() {
        let source = r#"match self {
            Self::A { b: B::C, .. } => "a",
            Self::D(_) | Self::E if x >= y => { "d" }
            Self::F(e) => match e { G::H => "h", _ => f(1, "other") },
            Self::I => vec!["i", "j"],
        }"#;
        assert_eq!(
            read(source),
            [
                (pairs(&[("Self", "A")]), vec!["a".to_owned()]),
                (pairs(&[("Self", "D"), ("Self", "E")]), vec!["d".into()]),
                (pairs(&[("G", "H")]), vec!["h".into()]),
                (pairs(&[]), vec!["other".into()]),
                (pairs(&[("Self", "I")]), vec!["i".into(), "j".into()]),
            ]
        );
    }

    #[test]
    fn without_a_match_all_of_it_is_one_arm() {
        assert_eq!(read("{ \"a\" }"), [(vec![], vec!["a".to_owned()])]);
    }
}
