//! What a terminal does when it is told: the part of ECMA-48 and of xterm's additions
//! (<https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>) that moves text. Colours, titles, and
//! questions that a terminal would answer change nothing here.

use super::graphics;
use super::grid::{Grid, Modes};
use super::row::Row;
use vte::{Params, Perform};

/// Both screens of a terminal, and what has scrolled away since the last mark.
#[derive(Debug)]
pub(super) struct Screen {
    main: Grid,
    /// The one that full-screen programs draw on.
    alternate: Grid,
    pub(super) is_alternate: bool,
    modes: Modes,
    charsets: Charsets,
    last: Option<char>,
    pub(super) gone: Gone,
    /// Whether the parser has passed something on since this was last set to false.
    pub(super) was_told: bool,
}

/// Lines that were written since the last mark and have scrolled away.
#[derive(Debug, Default)]
pub(super) struct Gone {
    pub(super) text: String,
    /// How many characters that are.
    pub(super) chars: usize,
    pub(super) is_kept: bool,
}

/// Which of two sets of characters is in use, and which of them draw lines.
#[derive(Debug, Default, Clone, Copy)]
struct Charsets {
    draws: [bool; 2],
    used: usize,
}

impl Gone {
    fn take(&mut self, row: &Row) {
        if !self.is_kept || !row.is_touched {
            return;
        }
        let before = self.text.len();
        row.show(&mut self.text);
        if !row.goes_on {
            self.text.push('\n');
        }
        self.chars += self.text.get(before..).unwrap_or_default().chars().count();
    }
}

impl Screen {
    pub(super) fn new(cols: usize, rows: usize) -> Self {
        Self {
            main: Grid::new(cols, rows),
            alternate: Grid::new(cols, rows),
            is_alternate: false,
            modes: Modes { wraps: true, inserts: false },
            charsets: Charsets::default(),
            last: None,
            gone: Gone::default(),
            was_told: false,
        }
    }

    /// From here on what is written counts as new.
    pub(super) fn mark(&mut self) {
        self.gone = Gone { is_kept: true, ..Gone::default() };
        self.main.rows.iter_mut().for_each(|row| row.is_touched = false);
    }

    /// The rows of the main screen that were written since the mark, then the alternate screen if it is
    /// the one that is seen.
    pub(super) fn text(&self) -> String {
        let mut text = lines(self.main.rows.iter().filter(|row| row.is_touched));
        if self.is_alternate {
            text.push_str(&lines(self.alternate.rows.iter()));
        }
        text
    }

    pub(super) fn column(&self) -> usize {
        self.grid().place.col
    }

    /// All that is seen, without the empty lines at the end.
    pub(super) fn seen(&self) -> String {
        let mut text = lines(self.grid().rows.iter());
        text.truncate(text.trim_end_matches('\n').len());
        text
    }

    /// How many characters [`Screen::text`] has at most, marks apart.
    pub(super) fn most(&self) -> usize {
        2 * self.main.rows.len() * (self.main.cols + 1)
    }

    fn grid(&self) -> &Grid {
        if self.is_alternate { &self.alternate } else { &self.main }
    }

    fn grid_mut(&mut self) -> &mut Grid {
        if self.is_alternate { &mut self.alternate } else { &mut self.main }
    }

    /// The grid that is drawn on, and where its lines go that scroll away.
    fn parts(&mut self) -> (&mut Grid, impl FnMut(Row)) {
        let is_main = !self.is_alternate;
        let grid = if is_main { &mut self.main } else { &mut self.alternate };
        let gone = &mut self.gone;
        (grid, move |row: Row| {
            if is_main {
                gone.take(&row);
            }
        })
    }

    fn line_feed(&mut self) {
        let (grid, mut gone) = self.parts();
        grid.line_feed(&mut gone);
    }

    fn reset(&mut self) {
        let gone = std::mem::take(&mut self.gone);
        *self = Self { gone, ..Self::new(self.main.cols, self.main.rows.len()) };
    }

    fn show_alternate(&mut self, shown: bool) {
        if shown && !self.is_alternate {
            self.alternate = Grid::new(self.main.cols, self.main.rows.len());
            self.alternate.place = self.main.place;
        }
        self.is_alternate = shown;
    }

    fn set_private_mode(&mut self, mode: usize, on: bool) {
        match mode {
            6 => {
                self.grid_mut().place.in_region = on;
                self.grid_mut().go_to(0, 0);
            }
            7 => self.modes.wraps = on,
            47 | 1047 => self.show_alternate(on),
            1048 if on => self.grid_mut().keep_place(),
            1048 => self.grid_mut().return_to_kept_place(),
            1049 => {
                if on && !self.is_alternate {
                    self.main.keep_place();
                }
                let was_alternate = self.is_alternate;
                self.show_alternate(on);
                if !on && was_alternate {
                    self.main.return_to_kept_place();
                }
            }
            _ => {}
        }
    }

    fn repeat(&mut self, count: usize) {
        if let Some(c) = self.last {
            let most = self.main.cols * self.main.rows.len();
            (0..count.min(most)).for_each(|_| self.write(c));
        }
    }

    fn write(&mut self, c: char) {
        let modes = self.modes;
        let (grid, mut gone) = self.parts();
        grid.print(c, modes, &mut gone);
    }
}

/// Their text, line by line, without the empty ones at the end.
fn lines<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let mut text = String::new();
    for row in rows {
        row.show(&mut text);
        if !row.goes_on {
            text.push('\n');
        }
    }
    let used = text.trim_end_matches('\n').len();
    if used == 0 {
        return String::new();
    }
    text.truncate(used);
    text.push('\n');
    text
}

/// A number; a missing one and 0 are `default`.
fn number(params: &Params, place: usize, default: usize) -> usize {
    let given = params.iter().nth(place).and_then(|param| param.first()).copied().unwrap_or(0);
    if given == 0 { default } else { usize::from(given) }
}

impl Perform for Screen {
    fn print(&mut self, c: char) {
        if c.is_control() {
            return;
        }
        let c = match self.charsets.draws.get(self.charsets.used) {
            Some(true) => graphics::drawn(c),
            _ => c,
        };
        self.last = Some(c);
        self.write(c);
    }

    fn execute(&mut self, byte: u8) {
        self.was_told = true;
        match byte {
            0x08 => self.grid_mut().go_left(1),
            b'\t' => self.grid_mut().tab(1),
            b'\n' | 0x0b | 0x0c => self.line_feed(),
            b'\r' => self.grid_mut().go_to_col(0),
            0x0e => self.charsets.used = 1,
            0x0f => self.charsets.used = 0,
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], ignore: bool, action: char) {
        if ignore {
            return;
        }
        let count = number(params, 0, 1);
        match (intermediates, action) {
            ([b'?'], 'h' | 'l') => {
                for param in params.iter().filter_map(|param| param.first()) {
                    self.set_private_mode(usize::from(*param), action == 'h');
                }
            }
            ([] | [b'?'], 'J') => self.grid_mut().erase(number(params, 0, 0)),
            ([] | [b'?'], 'K') => self.grid_mut().erase_line(number(params, 0, 0)),
            ([], 'h' | 'l') if count == 4 => self.modes.inserts = action == 'h',
            ([], '@') => self.grid_mut().insert_cells(count),
            ([], 'A') => self.grid_mut().go_up(count),
            ([], 'B' | 'e') => self.grid_mut().go_down(count),
            ([], 'C' | 'a') => self.grid_mut().go_right(count),
            ([], 'D') => self.grid_mut().go_left(count),
            ([], 'E') => {
                self.grid_mut().go_down(count);
                self.grid_mut().go_to_col(0);
            }
            ([], 'F') => {
                self.grid_mut().go_up(count);
                self.grid_mut().go_to_col(0);
            }
            ([], 'G' | '`') => self.grid_mut().go_to_col(count - 1),
            ([], 'H' | 'f') => self.grid_mut().go_to(count - 1, number(params, 1, 1) - 1),
            ([], 'I') => self.grid_mut().tab(count),
            ([], 'L') => self.grid_mut().insert_lines(count),
            ([], 'M') => self.grid_mut().remove_lines(count),
            ([], 'P') => self.grid_mut().remove_cells(count),
            ([], 'S') => {
                let (grid, mut gone) = self.parts();
                grid.scroll_up(count, &mut gone);
            }
            ([], 'T') => self.grid_mut().scroll_down(count),
            ([], 'X') => self.grid_mut().erase_cells(count),
            ([], 'Z') => self.grid_mut().tab_back(count),
            ([], 'b') => self.repeat(count),
            ([], 'd') => {
                let col = self.grid().place.col;
                self.grid_mut().go_to(count - 1, col);
            }
            ([], 'r') => self.grid_mut().set_region(count - 1, number(params, 1, usize::MAX) - 1),
            ([], 's') => self.grid_mut().keep_place(),
            ([], 'u') => self.grid_mut().return_to_kept_place(),
            _ => {}
        }
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], ignore: bool, byte: u8) {
        match (intermediates, byte) {
            _ if ignore => {}
            ([], b'7') => self.grid_mut().keep_place(),
            ([], b'8') => self.grid_mut().return_to_kept_place(),
            ([], b'D') => {
                let (grid, mut gone) = self.parts();
                grid.down(&mut gone);
            }
            ([], b'E') => {
                self.line_feed();
                self.grid_mut().go_to_col(0);
            }
            ([], b'M') => self.grid_mut().up(),
            ([], b'c') => self.reset(),
            ([b'('], set) => self.charsets.draws[0] = set == b'0',
            ([b')'], set) => self.charsets.draws[1] = set == b'0',
            _ => {}
        }
    }
}
