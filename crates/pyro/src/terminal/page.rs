//! A part of what was written to a terminal, as text of a bounded length.

use super::Terminal;

/// The text is looked at after so many bytes, and where a line ends.
const STEP: usize = 64;
/// Or after so many, where no line does.
const MAX_STEP: usize = 512;

/// The text of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The lines of the screen that the part wrote to, as they are at its end, those that scrolled away
    /// included; then, where a program draws on the whole screen at that moment, that screen. Each line
    /// ends with a line feed.
    pub text: String,
    /// How many bytes of the part it stands for.
    pub bytes: usize,
    /// Whether a program draws on the whole screen at its end.
    pub is_alternate: bool,
    /// Whether the screen has more characters than the page may: its end is left out.
    pub is_cut: bool,
}

/// What the first part of `bytes` shows on a terminal of this size that has got `before` already: as much
/// as fits into so many characters.
#[must_use]
pub fn plain_page((cols, rows): (u16, u16), before: &[u8], bytes: &[u8], max_chars: usize) -> Page {
    let mut terminal = Terminal::new(cols, rows);
    terminal.write(before);
    terminal.screen.mark();
    let mut fits = None;
    let mut taken = 0;
    while let Some(step) = bytes.get(taken..).map(step).filter(|step| !step.is_empty()) {
        terminal.write(step);
        taken += step.len();
        if terminal.screen.gone.chars + terminal.screen.most() <= max_chars {
            continue;
        }
        let page = Moment::of(&terminal, taken);
        if page.chars > max_chars {
            return fits.unwrap_or(page).finish(&terminal, max_chars);
        }
        fits = Some(page);
    }
    Moment::of(&terminal, taken).finish(&terminal, max_chars)
}

fn step(rest: &[u8]) -> &[u8] {
    let line = rest.iter().skip(STEP - 1).position(|byte| *byte == b'\n');
    let end = line.map_or(MAX_STEP, |at| (at + STEP).min(MAX_STEP));
    rest.get(..end).unwrap_or(rest)
}

/// A page as it was after some step.
struct Moment {
    gone: usize,
    screen: String,
    chars: usize,
    bytes: usize,
    is_alternate: bool,
}

impl Moment {
    fn of(terminal: &Terminal, bytes: usize) -> Self {
        let gone = &terminal.screen.gone;
        let screen = terminal.screen.text();
        let chars = gone.chars + screen.chars().count();
        let is_alternate = terminal.screen.is_alternate;
        Self { gone: gone.text.len(), screen, chars, bytes, is_alternate }
    }

    fn finish(self, terminal: &Terminal, max_chars: usize) -> Page {
        let gone = terminal.screen.gone.text.get(..self.gone).unwrap_or_default();
        let mut text = format!("{gone}{}", self.screen);
        let end = text.char_indices().nth(max_chars).map(|(at, _)| at);
        if let Some(end) = end {
            text.truncate(end);
        }
        Page { text, bytes: self.bytes, is_alternate: self.is_alternate, is_cut: end.is_some() }
    }
}
