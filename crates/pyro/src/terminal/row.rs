//! One row of a screen.

use super::cell::Cell;
use std::ops::Range;

/// As many cells as the screen is wide.
#[derive(Debug, Clone)]
pub(super) struct Row {
    cells: Vec<Cell>,
    /// Whether something was written to it since the last mark.
    pub(super) is_touched: bool,
    /// Whether its text goes on in the next row, because the screen is no wider.
    pub(super) goes_on: bool,
}

impl Row {
    pub(super) fn blank(cols: usize) -> Self {
        Self { cells: vec![Cell::BLANK; cols], is_touched: false, goes_on: false }
    }

    /// Writes a character at a column, over one or two cells.
    pub(super) fn put(&mut self, col: usize, cell: Cell, width: usize) {
        self.halve(col);
        self.halve(col + width);
        self.set(col, cell);
        if width == 2 {
            self.set(col + 1, Cell::RIGHT_HALF);
        }
        self.is_touched = true;
    }

    /// Adds to the character that ends before a column, or at the row's beginning to what is there.
    pub(super) fn mark(&mut self, before: usize, mark: char) {
        let mut col = before.saturating_sub(1);
        if self.cells.get(col).is_some_and(Cell::is_right_half) {
            col -= 1;
        }
        if let Some(cell) = self.cells.get_mut(col) {
            cell.mark(mark);
            self.is_touched = true;
        }
    }

    /// Nothing is left there.
    pub(super) fn erase(&mut self, columns: Range<usize>) {
        let columns = columns.start.min(self.cells.len())..columns.end.min(self.cells.len());
        self.halve(columns.start);
        self.halve(columns.end);
        if columns.end == self.cells.len() {
            self.goes_on = false;
        }
        if let Some(cells) = self.cells.get_mut(columns) {
            cells.fill(Cell::BLANK);
        }
    }

    /// Moves what is at a column and behind it to the right; what leaves the row is lost.
    pub(super) fn insert(&mut self, col: usize, count: usize) {
        let count = count.min(self.cells.len().saturating_sub(col));
        self.halve(col);
        if let Some(behind) = self.cells.get_mut(col..) {
            behind.rotate_right(count);
            behind.iter_mut().take(count).for_each(|cell| *cell = Cell::BLANK);
        }
        self.is_touched = true;
    }

    /// Moves what is behind so many cells to a column.
    pub(super) fn remove(&mut self, col: usize, count: usize) {
        let count = count.min(self.cells.len().saturating_sub(col));
        self.halve(col);
        self.halve(col + count);
        if let Some(behind) = self.cells.get_mut(col..) {
            behind.rotate_left(count);
            behind.iter_mut().rev().take(count).for_each(|cell| *cell = Cell::BLANK);
        }
        self.is_touched = true;
    }

    /// Its text, without the blanks at the end unless it goes on.
    pub(super) fn show(&self, text: &mut String) {
        let used = match self.goes_on {
            true => self.cells.len(),
            false => {
                self.cells.iter().rposition(|cell| !cell.is_blank()).map_or(0, |last| last + 1)
            }
        };
        self.cells.iter().take(used).for_each(|cell| cell.show(text));
    }

    /// A character of two cells whose second is at this column goes before half of it does.
    fn halve(&mut self, col: usize) {
        if self.cells.get(col).is_some_and(Cell::is_right_half) {
            self.set(col, Cell::BLANK);
            self.set(col - 1, Cell::BLANK);
        }
    }

    fn set(&mut self, col: usize, cell: Cell) {
        if let Some(place) = self.cells.get_mut(col) {
            *place = cell;
        }
    }
}
