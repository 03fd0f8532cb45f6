//! The rows of an XLSX sheet, one by one: its cells are never held together.

use std::io::{Read, Seek};

use calamine::{Data, DataRef, Dimensions, Xlsx};

use super::SheetRow;
use super::open::{MOST_COLUMNS, Sink, Unreadable, is_empty, text};

/// Tells every row of a sheet that is not empty, merged cells filled. It is read twice: how wide it is,
/// is known at its end.
pub fn sheet<RS: Read + Seek>(
    book: &mut Xlsx<RS>,
    name: &str,
    merged: &[Dimensions],
    sink: &mut Sink<'_>,
) -> Result<(), Unreadable> {
    let Some(bounds) = bounds(book, name)? else { return Ok(()) };
    let mut filling = Filling::new(bounds, merged);
    let mut row: Option<SheetRow> = None;
    cells(book, name, |(at, column), value| {
        if row.as_ref().is_none_or(|row| row.number != at + 1) {
            if let Some(done) = row.take() {
                filling.tell(done, sink)?;
            }
            filling.tell_covered(at, sink)?;
            row = Some(filling.empty(at));
        }
        if let Some(cell) = row.as_mut().and_then(|row| row.cells.get_mut(column as usize)) {
            *cell = text(&Data::from(value));
        }
        Ok(())
    })?;
    row.map_or(Ok(()), |row| filling.tell(row, sink))
}

/// The first row, and how many columns there are.
struct Bounds {
    first_row: u32,
    width: usize,
}

fn bounds<RS: Read + Seek>(book: &mut Xlsx<RS>, name: &str) -> Result<Option<Bounds>, Unreadable> {
    let (mut first_row, mut columns): (Option<u32>, Option<(u32, u32)>) = (None, None);
    cells(book, name, |(row, column), _| {
        first_row = first_row.or(Some(row));
        let (first, last) = columns.unwrap_or((column, column));
        columns = Some((first.min(column), last.max(column)));
        Ok(())
    })?;
    Ok(first_row.zip(columns).map(|(first_row, (first, last))| Bounds {
        first_row,
        width: first as usize + ((last - first) as usize + 1).min(MOST_COLUMNS),
    }))
}

/// Visits every cell that says something, row by row.
fn cells<RS: Read + Seek>(
    book: &mut Xlsx<RS>,
    name: &str,
    mut visit: impl FnMut((u32, u32), DataRef<'_>) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let mut reader = book.worksheet_cells_reader(name).map_err(|_| Unreadable::BadWorkbook)?;
    let mut last = 0;
    while let Some(cell) = reader.next_cell().map_err(|_| Unreadable::BadWorkbook)? {
        let at = cell.get_position();
        if matches!(cell.get_value(), DataRef::Empty) {
            continue;
        }
        if at.0 < last {
            return Err(Unreadable::BadWorkbook);
        }
        last = at.0;
        visit(at, cell.get_value().clone())?;
    }
    Ok(())
}

/// Every cell of a merged region says what its first one says.
struct Filling {
    bounds: Bounds,
    /// Those that have not begun, the next one last.
    ahead: Vec<Dimensions>,
    /// Those that have, with their text.
    begun: Vec<(Dimensions, String)>,
    /// The number of the next row, from 0.
    next: u32,
}

impl Filling {
    fn new(bounds: Bounds, merged: &[Dimensions]) -> Self {
        let mut ahead: Vec<Dimensions> =
            merged.iter().filter(|region| region.start.0 >= bounds.first_row).copied().collect();
        ahead.sort_by_key(|region| std::cmp::Reverse(region.start));
        Self { next: bounds.first_row, bounds, ahead, begun: Vec::new() }
    }

    fn empty(&self, at: u32) -> SheetRow {
        SheetRow { number: at + 1, cells: vec![String::new(); self.bounds.width] }
    }

    /// The rows before this one that have no cells of their own, but lie in a region.
    fn tell_covered(&mut self, at: u32, sink: &mut Sink<'_>) -> Result<(), Unreadable> {
        while self.next < at {
            if self.begun.is_empty() {
                self.next = at;
                break;
            }
            let row = self.empty(self.next);
            self.tell(row, sink)?;
        }
        Ok(())
    }

    fn tell(&mut self, mut row: SheetRow, sink: &mut Sink<'_>) -> Result<(), Unreadable> {
        let at = row.number - 1;
        self.next = at + 1;
        while let Some(region) = self.ahead.pop_if(|region| region.start.0 <= at) {
            // One that begins in a row without cells says nothing.
            if let Some(text) = row.cells.get(region.start.1 as usize)
                && region.start.0 == at
                && !text.is_empty()
            {
                self.begun.push((region, text.clone()));
            }
        }
        let last = row.cells.len().saturating_sub(1);
        for (region, text) in &self.begun {
            for column in region.start.1 as usize..=(region.end.1 as usize).min(last) {
                row.cells[column].clone_from(text);
            }
        }
        self.begun.retain(|(region, _)| region.end.0 > at);
        if is_empty(&row) { Ok(()) } else { sink.row(row) }
    }
}
