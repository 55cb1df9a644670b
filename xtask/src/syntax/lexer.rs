//! Rust source to tokens, comments dropped, after the lexical structure chapter of the Rust
//! reference. Numbers, characters and lifetimes are one kind: no rule asks about them.

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An identifier or a keyword; `r#type` is `type`.
    Word(String),
    /// One character of punctuation: `::` is two of them.
    Mark(char),
    /// A string literal of any kind, as written between its quotes.
    Text(String),
    /// A number, a character or a lifetime.
    Other,
}

/// A token and the line it starts on, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) line: usize,
}

impl Token {
    /// Whether this is the identifier or keyword `word`.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Word(w) if w == word)
    }

    /// Whether this is the punctuation `mark`.
    pub(crate) fn is_mark(&self, mark: char) -> bool {
        self.kind == Kind::Mark(mark)
    }

    /// The identifier or keyword.
    pub(crate) fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    /// What a string literal holds, as written between its quotes.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// All tokens of `source`. Unfinished literals and comments reach to the end.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    let mut lexer = Lexer { source, at: 0, line: 1 };
    let mut tokens = Vec::new();
    while lexer.at < source.len() {
        let line = lexer.line;
        if let Some(kind) = lexer.next() {
            tokens.push(Token { kind, line });
        }
    }
    tokens
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    line: usize,
}

impl Lexer<'_> {
    /// The next token; nothing for a blank or a comment. Always moves on.
    fn next(&mut self) -> Option<Kind> {
        let here = self.peek(0)?;
        match here {
            '/' if self.peek(1) == Some('/') => self.line_comment(),
            '/' if self.peek(1) == Some('*') => self.block_comment(),
            '"' => return Some(self.text()),
            '\'' => return Some(self.character_or_lifetime()),
            _ if is_word_start(here) => return Some(self.word_or_literal()),
            _ if here.is_ascii_digit() => return Some(self.number()),
            _ if here.is_whitespace() => drop(self.bump()),
            _ => {
                self.bump();
                return Some(Kind::Mark(here));
            }
        }
        None
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.source[self.at..].chars().nth(ahead)
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek(0)?;
        self.at += c.len_utf8();
        self.line += usize::from(c == '\n');
        Some(c)
    }

    fn bump_while(&mut self, wanted: impl Fn(char) -> bool) {
        while self.peek(0).is_some_and(&wanted) {
            self.bump();
        }
    }

    fn line_comment(&mut self) {
        self.bump_while(|c| c != '\n');
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while let Some(c) = self.bump() {
            match (c, self.peek(0)) {
                ('/', Some('*')) => depth += 1,
                ('*', Some('/')) => depth = depth.saturating_sub(1),
                _ => continue,
            }
            self.bump();
            if depth == 0 {
                return;
            }
        }
    }

    /// A string with escapes, from its opening quote.
    fn text(&mut self) -> Kind {
        self.bump();
        let start = self.at;
        loop {
            let end = self.at;
            match self.bump() {
                Some('\\') => drop(self.bump()),
                Some('"') | None => return Kind::Text(self.source[start..end].to_owned()),
                Some(_) => {}
            }
        }
    }

    /// A string without escapes, from the first `#` or the quote.
    fn raw_text(&mut self, hashes: usize) -> Kind {
        for _ in 0..=hashes {
            self.bump();
        }
        let closing = format!("\"{}", "#".repeat(hashes));
        let start = self.at;
        let length = self.source[start..].find(&closing).unwrap_or(self.source.len() - start);
        let text = self.source[start..start + length].to_owned();
        while self.at < (start + length + closing.len()).min(self.source.len()) {
            self.bump();
        }
        Kind::Text(text)
    }

    /// `'a'`, `'\n'` or `'static`.
    fn character_or_lifetime(&mut self) -> Kind {
        self.bump();
        if self.peek(0) == Some('\\') {
            self.bump();
            self.bump();
            self.bump_while(|c| c != '\'');
            self.bump();
        } else if self.peek(1) == Some('\'') {
            self.bump();
            self.bump();
        } else {
            self.bump_while(is_word_part);
        }
        Kind::Other
    }

    fn number(&mut self) -> Kind {
        self.bump_while(is_word_part);
        if self.peek(0) == Some('.') && self.peek(1).is_some_and(|c| c.is_ascii_digit()) {
            self.bump();
            self.bump_while(is_word_part);
        }
        Kind::Other
    }

    /// A word, or what a word like `r`, `b` or `cr` introduces.
    fn word_or_literal(&mut self) -> Kind {
        let start = self.at;
        self.bump_while(is_word_part);
        let word = &self.source[start..self.at];
        let hashes = self.source[self.at..].chars().take_while(|c| *c == '#').count();
        let after_hashes = self.peek(hashes);
        match word {
            "r" | "br" | "cr" if after_hashes == Some('"') => self.raw_text(hashes),
            "r" if hashes == 1 && after_hashes.is_some_and(is_word_start) => {
                self.bump();
                self.word_or_literal()
            }
            "b" | "c" if self.peek(0) == Some('"') => self.text(),
            "b" if self.peek(0) == Some('\'') => self.character_or_lifetime(),
            _ => Kind::Word(word.to_owned()),
        }
    }
}

fn is_word_start(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn is_word_part(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<String> {
        tokens(source).iter().filter_map(Token::word).map(str::to_owned).collect()
    }

    #[test]
    fn comments_and_strings_hold_no_words() {
        let source = r###"
            a // b
            /* c /* d */ e */ f
            "g \" h" r#"i " j"# br##"k"# l"## b"m" c"n" '"' 'o' b'p' '\'' '\u{71}'
            q
        "###;
        assert_eq!(words(source), ["a", "f", "q"]);
    }

    #[test]
    fn lifetimes_raw_words_and_ranges_are_not_literals() {
        assert_eq!(
            words("fn x<'a>(r: &'a r#type) { 0..n; 1.5e3; 'l: loop {} }"),
            ["fn", "x", "r", "type", "n", "loop"]
        );
    }

    #[test]
    fn lines_are_counted_through_comments_and_strings() {
        let tokens = tokens("/*\n*/ a \"\n\n\" b\nc");
        let lines: Vec<usize> = tokens.iter().map(|token| token.line).collect();
        assert_eq!(lines, [2, 2, 4, 5]);
    }

    #[test]
    fn unfinished_input_ends() {
        for source in ["\"a", "r#\"a", "/* a", "'", "b'\\", "r#", "é'"] {
            tokens(source);
        }
    }
}
