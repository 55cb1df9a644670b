//! The rows of a screen and the place where the next character goes. Every movement stays on the screen.

use super::cell::{Cell, width};
use super::row::Row;
use std::ops::RangeInclusive;

/// Tabs stop at every eighth column.
const TAB: usize = 8;

/// A screen's rows. It has at least two columns and one row.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    pub(super) cols: usize,
    pub(super) rows: Vec<Row>,
    pub(super) place: Place,
    pub(super) kept: Place,
    /// The rows that scroll.
    region: RangeInclusive<usize>,
}

/// Where the next character goes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) row: usize,
    pub(super) col: usize,
    /// Whether the row is full: the next character goes to the next one.
    is_full: bool,
    /// Whether rows are counted from the top of the region that scrolls, and end with it.
    pub(super) in_region: bool,
}

impl Grid {
    pub(super) fn new(cols: usize, rows: usize) -> Self {
        let (cols, rows) = (cols.max(2), rows.max(1));
        Self {
            cols,
            rows: vec![Row::blank(cols); rows],
            place: Place::default(),
            kept: Place::default(),
            region: 0..=rows - 1,
        }
    }

    fn last_row(&self) -> usize {
        self.rows.len() - 1
    }

    fn row(&mut self) -> &mut Row {
        let row = self.place.row.min(self.last_row());
        &mut self.rows[row]
    }

    /// Writes a character; what scrolls away goes to `gone`.
    pub(super) fn print(&mut self, c: char, modes: Modes, gone: &mut impl FnMut(Row)) {
        let width = width(c);
        let col = self.place.col;
        if width == 0 {
            let behind = if self.place.is_full { self.cols } else { col };
            return self.row().mark(behind, c);
        }
        if self.place.is_full || col + width > self.cols {
            if modes.wraps {
                self.row().goes_on = true;
                self.place.col = 0;
                self.down(gone);
            } else {
                self.place.col = self.cols - width;
            }
        }
        let col = self.place.col;
        if modes.inserts {
            self.row().insert(col, width);
        }
        self.row().put(col, Cell::of(c), width);
        self.place.is_full = col + width >= self.cols;
        self.place.col = (col + width).min(self.cols - 1);
    }

    /// The end of a line, whatever is in it.
    pub(super) fn line_feed(&mut self, gone: &mut impl FnMut(Row)) {
        let row = self.row();
        (row.is_touched, row.goes_on) = (true, false);
        self.down(gone);
    }

    /// One row down; at the end of the region it scrolls.
    pub(super) fn down(&mut self, gone: &mut impl FnMut(Row)) {
        self.place.is_full = false;
        if self.place.row == *self.region.end() {
            self.scroll_up(1, gone);
        } else {
            self.place.row = (self.place.row + 1).min(self.last_row());
        }
    }

    /// One row up; at the beginning of the region it scrolls.
    pub(super) fn up(&mut self) {
        self.place.is_full = false;
        if self.place.row == *self.region.start() {
            self.scroll_down(1);
        } else {
            self.place.row = self.place.row.saturating_sub(1);
        }
    }

    pub(super) fn scroll_up(&mut self, count: usize, gone: &mut impl FnMut(Row)) {
        let top = *self.region.start();
        self.remove_lines_at(top, count, &mut |row| {
            // what leaves the middle of a screen is overwritten, not scrolled away
            if top == 0 {
                gone(row);
            }
        });
    }

    pub(super) fn scroll_down(&mut self, count: usize) {
        self.insert_lines_at(*self.region.start(), count);
    }

    pub(super) fn insert_lines(&mut self, count: usize) {
        if self.region.contains(&self.place.row) {
            self.insert_lines_at(self.place.row, count);
        }
    }

    pub(super) fn remove_lines(&mut self, count: usize) {
        if self.region.contains(&self.place.row) {
            self.remove_lines_at(self.place.row, count, &mut drop);
        }
    }

    fn remove_lines_at(&mut self, at: usize, count: usize, gone: &mut impl FnMut(Row)) {
        let cols = self.cols;
        let end = *self.region.end();
        let count = count.min(end + 1 - at);
        self.rows[at..=end].rotate_left(count);
        for row in &mut self.rows[end + 1 - count..=end] {
            gone(std::mem::replace(row, Row::blank(cols)));
        }
    }

    fn insert_lines_at(&mut self, at: usize, count: usize) {
        let cols = self.cols;
        let end = *self.region.end();
        let count = count.min(end + 1 - at);
        self.rows[at..=end].rotate_right(count);
        self.rows[at..at + count].iter_mut().for_each(|row| *row = Row::blank(cols));
    }

    /// To a place that is counted from 0.
    pub(super) fn go_to(&mut self, row: usize, col: usize) {
        let (first, last) = match self.place.in_region {
            true => (*self.region.start(), *self.region.end()),
            false => (0, self.last_row()),
        };
        self.place.row = first.saturating_add(row).min(last);
        self.go_to_col(col);
    }

    pub(super) fn go_to_col(&mut self, col: usize) {
        self.place.col = col.min(self.cols - 1);
        self.place.is_full = false;
    }

    pub(super) fn go_up(&mut self, count: usize) {
        let first = *self.region.start();
        let stop = if self.place.row >= first { first } else { 0 };
        self.place.row = self.place.row.saturating_sub(count).max(stop);
        self.place.is_full = false;
    }

    pub(super) fn go_down(&mut self, count: usize) {
        let last = *self.region.end();
        let stop = if self.place.row <= last { last } else { self.last_row() };
        self.place.row = self.place.row.saturating_add(count).min(stop);
        self.place.is_full = false;
    }

    pub(super) fn go_right(&mut self, count: usize) {
        self.go_to_col(self.place.col.saturating_add(count));
    }

    pub(super) fn go_left(&mut self, count: usize) {
        self.go_to_col(self.place.col.saturating_sub(count));
    }

    pub(super) fn tab(&mut self, count: usize) {
        let stop = (self.place.col / TAB).saturating_add(count).saturating_mul(TAB);
        self.go_to_col(stop);
    }

    pub(super) fn tab_back(&mut self, count: usize) {
        let stop = self.place.col.div_ceil(TAB).saturating_sub(count) * TAB;
        self.go_to_col(stop);
    }

    /// Of a line: 0 what is behind the place, 1 what is before it, 2 all.
    pub(super) fn erase_line(&mut self, what: usize) {
        let (col, cols) = (self.place.col, self.cols);
        match what {
            0 => self.row().erase(col..cols),
            1 => self.row().erase(0..col + 1),
            2 => self.row().erase(0..cols),
            _ => {}
        }
    }

    /// Of the screen: 0 what is behind the place, 1 what is before it, 2 all.
    pub(super) fn erase(&mut self, what: usize) {
        let (row, cols) = (self.place.row, self.cols);
        let whole = match what {
            0 => row + 1..self.rows.len(),
            1 => 0..row,
            2 => 0..self.rows.len(),
            _ => return,
        };
        if what < 2 {
            self.erase_line(what);
        }
        self.rows[whole].iter_mut().for_each(|row| *row = Row::blank(cols));
    }

    pub(super) fn erase_cells(&mut self, count: usize) {
        let col = self.place.col;
        self.row().erase(col..col.saturating_add(count));
    }

    pub(super) fn insert_cells(&mut self, count: usize) {
        let col = self.place.col;
        self.row().insert(col, count);
    }

    pub(super) fn remove_cells(&mut self, count: usize) {
        let col = self.place.col;
        self.row().remove(col, count);
    }

    /// From now on only these rows scroll, counted from 0; the place goes to the first.
    pub(super) fn set_region(&mut self, first: usize, last: usize) {
        let last = last.min(self.last_row());
        if first < last {
            self.region = first..=last;
            self.go_to(0, 0);
        }
    }

    pub(super) fn keep_place(&mut self) {
        self.kept = self.place;
    }

    pub(super) fn return_to_kept_place(&mut self) {
        self.place = self.kept;
    }
}

/// How characters are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Modes {
    /// Whether a line that is too long goes on in the next row.
    pub(super) wraps: bool,
    /// Whether what is there moves to the right.
    pub(super) inserts: bool,
}
