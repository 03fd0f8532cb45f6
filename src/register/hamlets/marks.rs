//! When a place is specially difficult, by the decisions that list it, and which hamlets are.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::schema::difficult_hamlets;

/// The source of a mark that was given without naming a decision.
const UNNAMED: &str = "Chưa ghi văn bản";

/// A time in which a commune or hamlet is listed.
#[derive(Debug, Clone, PartialEq)]
pub struct Period {
    pub from: NaiveDate,
    /// The last day; none while it holds.
    pub to: Option<NaiveDate>,
    /// The decision that says so.
    pub source: String,
}

/// A mark for all days, of which nobody said by which decision.
pub fn always(from: NaiveDate) -> Period {
    Period { from, to: None, source: UNNAMED.to_owned() }
}

impl Period {
    pub fn holds(&self, on: NaiveDate) -> bool {
        self.from <= on && self.to.is_none_or(|to| to >= on)
    }
}

/// Whether one of these holds on a day.
pub fn marked(periods: &[Period], on: NaiveDate) -> bool {
    periods.iter().any(|period| period.holds(on))
}

/// As the trail keeps them.
pub fn told(periods: &[Period]) -> Vec<Value> {
    let each = |p: &Period| json!({"valid_from": p.from, "valid_to": p.to, "source": p.source});
    periods.iter().map(each).collect()
}

/// When all of these are listed at once: what a hamlet is that is made of several.
pub fn common(lists: &[Vec<Period>]) -> Vec<Period> {
    let Some((first, rest)) = lists.split_first() else { return Vec::new() };
    rest.iter().fold(first.clone(), |both, list| {
        let meeting = both.iter().flat_map(|one| list.iter().filter_map(|other| meet(one, other)));
        meeting.collect()
    })
}

fn meet(one: &Period, other: &Period) -> Option<Period> {
    let from = one.from.max(other.from);
    let to = [one.to, other.to].into_iter().flatten().min();
    // By whichever was listed last.
    let source = if one.from >= other.from { &one.source } else { &other.source };
    to.is_none_or(|to| to >= from).then(|| Period { from, to, source: source.clone() })
}

/// The difficult times of these hamlets, the oldest first; a hamlet without any is left out.
pub async fn of_hamlets(db: &mut Conn, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Period>>> {
    let rows: Vec<(Uuid, NaiveDate, Option<NaiveDate>, String)> = difficult_hamlets::table
        .filter(difficult_hamlets::hamlet_id.eq_any(ids))
        .order((difficult_hamlets::hamlet_id, difficult_hamlets::valid_from))
        .load(db)
        .await?;
    let mut found: HashMap<Uuid, Vec<Period>> = HashMap::new();
    for (hamlet, from, to, source) in rows {
        found.entry(hamlet).or_default().push(Period { from, to, source });
    }
    Ok(found)
}

/// The same of one.
pub async fn of_hamlet(db: &mut Conn, id: Uuid) -> Result<Vec<Period>> {
    Ok(of_hamlets(db, &[id]).await?.remove(&id).unwrap_or_default())
}

/// Stores the whole list of a hamlet, whose chain is locked.
pub async fn store(db: &mut Conn, id: Uuid, periods: &[Period]) -> Result<()> {
    use difficult_hamlets as marks;
    diesel::delete(marks::table.filter(marks::hamlet_id.eq(id))).execute(db).await?;
    let rows: Vec<_> = periods
        .iter()
        .map(|period| {
            (
                marks::hamlet_id.eq(id),
                marks::valid_from.eq(period.from),
                marks::valid_to.eq(period.to),
                marks::source.eq(&period.source),
            )
        })
        .collect();
    diesel::insert_into(marks::table).values(rows).execute(db).await?;
    Ok(())
}
