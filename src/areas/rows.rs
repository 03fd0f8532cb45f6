//! Every query that an index of areas is made of.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{AreaId, AreaVersion};
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::schema::{area_generation, area_successions, area_versions};

/// Counts up with every change of areas.
pub async fn generation(db: &mut Conn) -> Result<i64> {
    Ok(area_generation::table.select(area_generation::n).first(db).await?)
}

type VersionRow =
    (AreaId, NaiveDate, Option<NaiveDate>, String, String, String, String, String, Option<AreaId>);

/// The versions that were known at the end of a day, or are known now, oldest first.
pub(super) async fn versions(
    db: &mut Conn,
    known: Option<NaiveDate>,
) -> Result<impl Iterator<Item = (AreaId, AreaVersion)>> {
    use area_versions as v;
    let query = v::table
        .order((v::area_id, v::valid_from))
        .select((
            v::area_id,
            v::valid_from,
            v::valid_to,
            v::code,
            v::unit_type,
            v::name,
            v::full_name,
            v::search_key,
            v::parent_id,
        ))
        .into_boxed();
    let query = match known {
        None => query.filter(v::known_to.is_null()),
        Some(day) => query
            .filter(v::known_from.le(day))
            .filter(v::known_to.is_null().or(v::known_to.gt(day))),
    };
    let rows: Vec<VersionRow> = query.load(db).await?;
    Ok(rows.into_iter().map(
        |(area, valid_from, valid_to, code, unit_type, name, full_name, search_key, parent)| {
            let version = AreaVersion {
                valid_from,
                valid_to,
                code,
                unit_type,
                name,
                full_name,
                search_key,
                parent,
            };
            (area, version)
        },
    ))
}

/// Old, new, first day, whole: the successions that were known at the end of a day, or are now.
pub(super) async fn successions(
    db: &mut Conn,
    known: Option<NaiveDate>,
) -> Result<Vec<(AreaId, AreaId, NaiveDate, bool)>> {
    use area_successions as s;
    let query = s::table
        .order((s::old_id, s::new_id))
        .select((s::old_id, s::new_id, s::effective_on, s::whole))
        .into_boxed();
    let query = match known {
        None => query.filter(s::known_to.is_null()),
        Some(day) => query
            .filter(s::known_from.le(day))
            .filter(s::known_to.is_null().or(s::known_to.gt(day))),
    };
    Ok(query.load(db).await?)
}
