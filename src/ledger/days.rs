//! Closed days: what was known at the end of one stays as it was.

use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use diesel::sql_types::Date;
use diesel_async::RunQueryDsl;

use crate::access::state::State;
use crate::areas::Areas;
use crate::base::db::Conn;
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::schema::closed_days;
use crate::base::statement::statement;

/// The areas as they were known at the end of a day, settled as of that day. A day that is not closed
/// is refused: what is known of it may still change.
pub async fn known(state: &State, pointer: &str, day: NaiveDate) -> Result<Arc<Areas>> {
    let shared = &state.shared;
    let found = shared.closed_days.get(&day);
    if let Some(areas) = found.and_then(|changes| shared.known_areas.get(&changes)) {
        return Ok(areas);
    }
    let mut db = state.db().await?;
    let row = closed_days::table.find(day).select(closed_days::day);
    if row.first::<NaiveDate>(&mut db).await.optional()?.is_none() {
        return Err(not_closed(pointer, day));
    }
    let changes = last_changes(&mut db, day).await?;
    shared.closed_days.insert(day, changes);
    if let Some(areas) = shared.known_areas.get(&changes) {
        return Ok(areas);
    }
    let (known, effective) = changes;
    let areas = Arc::new(Areas::load_known(&mut db, Some(known), effective).await?);
    shared.known_areas.insert(changes, areas.clone());
    Ok(areas)
}

fn not_closed(pointer: &str, day: NaiveDate) -> Error {
    let detail = say(
        format!("Số liệu ngày {} chưa chốt.", day.format("%d/%m/%Y")),
        format!("The figures of {day} are not closed."),
    );
    let code = "day_not_closed";
    let error = FieldError::new(pointer, code, detail.clone());
    Error::unprocessable(code, detail).with_errors(vec![error])
}

/// The latest day up to `until` that is closed.
pub async fn last_closed(db: &mut Conn, until: NaiveDate) -> Result<Option<NaiveDate>> {
    let days = closed_days::table.filter(closed_days::day.le(until));
    Ok(days.select(diesel::dsl::max(closed_days::day)).first(db).await?)
}

/// The last closed day of each month of a year, up to `until`.
pub async fn of_months(
    db: &mut Conn,
    year: i16,
    until: Option<NaiveDate>,
) -> Result<Vec<NaiveDate>> {
    let year = i32::from(year);
    let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
    let last = NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or_default();
    let days: Vec<NaiveDate> = closed_days::table
        .filter(closed_days::day.ge(first))
        .filter(closed_days::day.le(until.map_or(last, |until| until.min(last))))
        .order(closed_days::day)
        .select(closed_days::day)
        .load(db)
        .await?;
    let ends = days.chunk_by(|a, b| a.month() == b.month()).filter_map(|month| month.last());
    Ok(ends.copied().collect())
}

#[derive(QueryableByName)]
struct Changes {
    #[diesel(sql_type = Date)]
    known: NaiveDate,
    #[diesel(sql_type = Date)]
    effective: NaiveDate,
}

/// Up to a day: when something new was last known of areas, and when some area last began or ended.
/// Between two such days the areas are the same.
async fn last_changes(db: &mut Conn, day: NaiveDate) -> Result<(NaiveDate, NaiveDate)> {
    let found: Changes = statement(
        "select coalesce(max(d) filter (where known), $1) as known,
                coalesce(max(d) filter (where not known), $1) as effective
         from (
             select distinct true as known, known_from as d from area_versions
             union select distinct true, known_to from area_versions
             union select distinct true, known_from from area_successions
             union select distinct true, known_to from area_successions
             union select distinct false, valid_from from area_versions
             union select distinct false, valid_to + 1 from area_versions
             union select distinct false, effective_on from area_successions
         ) changes
         where d <= $1",
    )
    .bind::<Date, _>(day)
    .get_result(db)
    .await?;
    Ok((found.known, found.effective))
}
