//! Which items exist only in tests: those behind an attribute `cfg` that requires `test`.

use super::lexer::Token;
use std::ops::Range;

/// The test items as ranges of tokens, attribute included, in order and not overlapping.
pub(super) fn find(tokens: &[Token]) -> Vec<Range<usize>> {
    let mut items = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match attribute(tokens, at) {
            Some(end) if requires_test(&tokens[at..end]) => {
                let item_end = end_of_item(tokens, end);
                items.push(at..item_end);
                at = item_end;
            }
            Some(end) => at = end,
            None => at += 1,
        }
    }
    items
}

/// Whether the file opens with `#![cfg(test)]`.
pub(super) fn is_whole_file(tokens: &[Token]) -> bool {
    let is_inner = |at: usize| tokens[at].is_mark('#') && tokens[at + 1].is_mark('!');
    (0..tokens.len().saturating_sub(2))
        .filter(|at| is_inner(*at))
        .any(|at| requires_test(&tokens[at..closing(tokens, at + 2)]))
}

/// The end of the outer attribute `#[…]` that starts at `at`.
fn attribute(tokens: &[Token], at: usize) -> Option<usize> {
    let opens = tokens[at].is_mark('#') && tokens.get(at + 1).is_some_and(|t| t.is_mark('['));
    opens.then(|| closing(tokens, at + 1))
}

/// `cfg(test)` and `cfg(all(test, …))`, but not `cfg(not(test))` nor `cfg(any(test, …))`.
fn requires_test(attribute: &[Token]) -> bool {
    let words: Vec<&str> = attribute.iter().filter_map(Token::word).collect();
    words.first() == Some(&"cfg")
        && words.contains(&"test")
        && !words.contains(&"not")
        && !words.contains(&"any")
}

/// Behind the bracket that closes the one at `open`.
fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if ['(', '[', '{'].iter().any(|mark| token.is_mark(*mark)) {
            depth += 1;
        } else if [')', ']', '}'].iter().any(|mark| token.is_mark(*mark)) {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return at + 1;
            }
        }
    }
    tokens.len()
}

/// Behind the item that starts at `at`: its further attributes, then all up to `;` or its body.
fn end_of_item(tokens: &[Token], mut at: usize) -> usize {
    while at < tokens.len() {
        let token = &tokens[at];
        if token.is_mark('{') {
            return closing(tokens, at);
        }
        if token.is_mark(';') {
            return at + 1;
        }
        let is_group = token.is_mark('(') || token.is_mark('[');
        at = if is_group { closing(tokens, at) } else { at + 1 };
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::super::lexer::tokens;
    use super::*;

    fn shipped_words(source: &str) -> Vec<String> {
        let tokens = tokens(source);
        let items = find(&tokens);
        let is_shipped = |at: &usize| !items.iter().any(|item| item.contains(at));
        let shipped = (0..tokens.len()).filter(is_shipped);
        shipped.filter_map(|at| tokens[at].word()).map(str::to_owned).collect()
    }

    #[test]
    fn modules_functions_and_uses_behind_cfg_test_are_tests() {
        let source = "a; #[cfg(test)] #[allow(x)] mod tests { fn f() { {} } } b; #[cfg(all(test, unix))]\n\
                      fn g(x: [u8; 3]) {} c; #[cfg(test)] use d::e; f";
        assert_eq!(shipped_words(source), ["a", "b", "c", "f"]);
    }

    #[test]
    fn code_that_only_avoids_tests_is_shipped() {
        assert!(shipped_words("#[cfg(not(test))] fn f() {}").contains(&"f".into()));
        assert!(
            shipped_words("#[cfg(any(test, feature = \"x\"))] fn g() {}").contains(&"g".into())
        );
    }

    #[test]
    fn an_inner_attribute_covers_the_file() {
        assert!(is_whole_file(&tokens("//! Doc.\n#![cfg(test)]\nfn f() {}")));
        assert!(!is_whole_file(&tokens("#![deny(x)]\n#[cfg(test)] mod t {}")));
    }
}
