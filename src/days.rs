//! Closed days: what was known at the end of one stays as it was.

use std::sync::Arc;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::Date;
use diesel_async::RunQueryDsl;

use crate::areas::Areas;
use crate::db::Conn;
use crate::error::{Error, FieldError, Result, say};
use crate::schema::closed_days;
use crate::state::State;

/// Refuses a day that is not closed: what is known of it may still change.
pub async fn closed(state: &State, db: &mut Conn, pointer: &str, day: NaiveDate) -> Result<()> {
    if state.shared.closed_days.get(&day).is_some() {
        return Ok(());
    }
    let found = closed_days::table.find(day).select(closed_days::day);
    if found.first::<NaiveDate>(db).await.optional()?.is_none() {
        let detail = say(
            format!("Số liệu ngày {} chưa chốt.", day.format("%d/%m/%Y")),
            format!("The figures of {day} are not closed."),
        );
        let code = "day_not_closed";
        return Err(Error::unprocessable(code, detail.clone())
            .with_errors(vec![FieldError::new(pointer, code, detail)]));
    }
    state.shared.closed_days.insert(day, ());
    Ok(())
}

/// The latest day up to `until` that is closed.
pub async fn last_closed(db: &mut Conn, until: NaiveDate) -> Result<Option<NaiveDate>> {
    let days = closed_days::table.filter(closed_days::day.le(until));
    Ok(days.select(diesel::dsl::max(closed_days::day)).first(db).await?)
}

/// The areas as they were known at the end of a day, settled as of that day.
pub async fn areas_known(state: &State, db: &mut Conn, day: NaiveDate) -> Result<Arc<Areas>> {
    let key = last_changes(db, day).await?;
    if let Some(areas) = state.shared.known_areas.get(&key) {
        return Ok(areas);
    }
    let areas = Arc::new(Areas::load_known(db, Some(key.0), key.1).await?);
    state.shared.known_areas.insert(key, areas.clone());
    Ok(areas)
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
    let found: Changes = diesel::sql_query(
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
