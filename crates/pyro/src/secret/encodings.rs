//! The forms in which a value is looked for: as it is, and as programs commonly write it. No list is
//! complete, and whoever wants to can write a value so that nothing finds it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Where `base64` (76) and `openssl base64` (64) break lines.
const LINES: [usize; 2] = [76, 64];

/// What percent-encoders leave as it is beside letters and digits, and whether a blank becomes a plus: RFC 3986;
/// Python's `quote`; `encodeURIComponent`; `encodeURI`; HTML forms; Python's `quote_plus`.
const URL: [(&[u8], bool); 6] = [
    (b"-._~", false),
    (b"-._~/", false),
    (b"-._~!'()*", false),
    (b"-._~!'()*;/?:@&=+$,#", false),
    (b"-._*", true),
    (b"-._~", true),
];

/// How JSON encoders differ: what is beyond ASCII, in the digits' case; `<`, `>` and `&` (Go); `/` (PHP).
const BEYOND_ASCII: [Option<Case>; 3] = [None, Some(Case::Lower), Some(Case::Upper)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Lower,
    Upper,
}

/// Every form of a value that is looked for, each once.
pub(super) fn forms(value: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::from([value.to_vec(), value.to_ascii_lowercase()]);
    // a terminal writes it so
    forms.insert(with_carriage_returns(value));
    for offset in 0..3 {
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            forms.insert(base64_at(engine, value, offset));
        }
    }
    let whole = base64_at(&STANDARD_NO_PAD, value, 0);
    forms.extend(LINES.map(|length| whole.chunks(length).collect::<Vec<_>>().join(&b'\n')));
    for (kept, plus) in URL {
        forms.extend([Case::Lower, Case::Upper].map(|case| url(value, kept, plus, case)));
    }
    // names of files: as pyro writes them, quoted once more in a message, and as git quotes them
    let escaped = value.escape_ascii().to_string();
    forms.extend([quoted(&escaped), escaped.into_bytes(), octal(value)]);
    if let Ok(text) = std::str::from_utf8(value) {
        forms.insert(quoted(text));
        for beyond in BEYOND_ASCII {
            for html in [false, true] {
                forms.extend([false, true].map(|slash| json(text, beyond, html, slash)));
            }
        }
    }
    forms
}

fn with_carriage_returns(value: &[u8]) -> Vec<u8> {
    let mut form = Vec::with_capacity(value.len());
    for byte in value {
        if *byte == b'\n' && form.last() != Some(&b'\r') {
            form.push(b'\r');
        }
        form.push(*byte);
    }
    form
}

/// The characters that the value alone decides where `offset` bytes of a group of three come before it:
/// each stands for six bits.
fn base64_at(engine: &impl Engine, value: &[u8], offset: usize) -> Vec<u8> {
    let text = engine.encode([&[0, 0][..offset], value].concat()).into_bytes();
    let (begin, end) = ((8 * offset).div_ceil(6), 8 * (offset + value.len()) / 6);
    text.get(begin..end).unwrap_or_default().to_vec()
}

fn url(value: &[u8], kept: &[u8], plus: bool, case: Case) -> Vec<u8> {
    let mut form = String::with_capacity(value.len());
    for byte in value {
        // writing to a string cannot fail
        let _ = match byte {
            b' ' if plus => form.write_char('+'),
            byte if byte.is_ascii_alphanumeric() || kept.contains(byte) => {
                form.write_char(char::from(*byte))
            }
            byte if case == Case::Lower => write!(form, "%{byte:02x}"),
            byte => write!(form, "%{byte:02X}"),
        };
    }
    form.into_bytes()
}

/// As `{:?}` writes it, between its quotes.
fn quoted(text: &str) -> Vec<u8> {
    let quoted = format!("{text:?}").into_bytes();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_vec()
}

/// As C has it, with three octal digits for what is not ASCII.
fn octal(value: &[u8]) -> Vec<u8> {
    let mut form = String::with_capacity(value.len());
    for byte in value {
        // writing to a string cannot fail
        let _ = match byte {
            b'"' | b'\\' => write!(form, "\\{}", char::from(*byte)),
            b'\n' => form.write_str("\\n"),
            b'\r' => form.write_str("\\r"),
            b'\t' => form.write_str("\\t"),
            b' '..=b'~' => form.write_char(char::from(*byte)),
            byte => write!(form, "\\{byte:03o}"),
        };
    }
    form.into_bytes()
}

fn json(text: &str, beyond: Option<Case>, html: bool, slash: bool) -> Vec<u8> {
    let mut form = String::with_capacity(text.len());
    for c in text.chars() {
        // writing to a string cannot fail
        let _ = match (c, beyond) {
            ('"', _) => form.write_str("\\\""),
            ('\\', _) => form.write_str("\\\\"),
            ('/', _) if slash => form.write_str("\\/"),
            ('\n', _) => form.write_str("\\n"),
            ('\r', _) => form.write_str("\\r"),
            ('\t', _) => form.write_str("\\t"),
            ('\u{8}', _) => form.write_str("\\b"),
            ('\u{c}', _) => form.write_str("\\f"),
            ('<' | '>' | '&', _) if html => write!(form, "\\u{:04x}", u32::from(c)),
            (c, _) if c < ' ' => write!(form, "\\u{:04x}", u32::from(c)),
            (c, Some(case)) if !c.is_ascii() => {
                c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| match case {
                    Case::Lower => write!(form, "\\u{unit:04x}"),
                    Case::Upper => write!(form, "\\u{unit:04X}"),
                })
            }
            (c, _) => form.write_char(c),
        };
    }
    form.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    fn is_found(value: &[u8], text: &[u8]) -> bool {
        forms(value).iter().any(|form| text.windows(form.len()).any(|window| window == form))
    }

    proptest! {
        /// Whatever stands around it, and whatever pads it.
        #[test]
        fn a_value_is_found_within_what_was_encoded_around_it(
            value in proptest::collection::vec(any::<u8>(), 8..40),
            before in proptest::collection::vec(any::<u8>(), 0..7),
            behind in proptest::collection::vec(any::<u8>(), 0..7),
        ) {
            let whole = [&before[..], &value, &behind].concat();
            for text in [STANDARD.encode(&whole), URL_SAFE.encode(&whole)] {
                prop_assert!(is_found(&value, text.as_bytes()), "{text}");
            }
        }

        #[test]
        fn text_is_found_in_json(value in "\\PC{8,20}", around in "\\PC{0,5}") {
            let text = serde_json::to_string(&format!("{around}{value}{around}")).unwrap();
            prop_assert!(is_found(value.as_bytes(), text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn the_forms_are_those_of_other_programs() {
        let value = "pä ss/w<o>rd\n+\"~";
        for text in [
            "pä ss/w<o>rd\r\n+\"~",
            "p%C3%A4%20ss%2Fw%3Co%3Erd%0A%2B%22~", // RFC 3986
            "p%c3%a4%20ss%2fw%3co%3erd%0a%2b%22~", // the same in small letters
            "p%C3%A4%20ss/w%3Co%3Erd%0A%2B%22~",   // Python: quote(value)
            "p%C3%A4+ss%2Fw%3Co%3Erd%0A%2B%22~",   // Python: quote_plus(value)
            "p%C3%A4%20ss/w%3Co%3Erd%0A+%22~",     // JavaScript: encodeURI(value)
            "p%C3%A4+ss%2Fw%3Co%3Erd%0A%2B%22%7E", // JavaScript: URLSearchParams
            "p\\u00e4 ss/w<o>rd\\n+\\\"~",         // Python: json.dumps(value)
            "pä ss/w\\u003co\\u003erd\\n+\\\"~",   // Go: json.Marshal(value)
            "p\\303\\244 ss/w<o>rd\\n+\\\"~",      // git
            "p\\xc3\\xa4 ss/w<o>rd\\n+\\\"~",      // pyro
            "p\\\\xc3\\\\xa4 ss/w<o>rd\\\\n+\\\\\\\"~", // pyro, in a message
            "p\\u00e4 ss\\/w<o>rd\\n+\\\"~",       // PHP: json_encode($value)
        ] {
            assert!(is_found(value.as_bytes(), text.as_bytes()), "{text}");
        }
        let long: Vec<u8> = (0..100).collect();
        let lines = |length: usize| {
            let text = STANDARD.encode(&long).into_bytes();
            text.chunks(length).collect::<Vec<_>>().join(&b'\n')
        };
        assert!(is_found(&long, &lines(76)) && is_found(&long, &lines(64)));
    }
}
