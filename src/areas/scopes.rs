//! Which areas a body answers for, kept as a table for the queries.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{Array, Integer};
use diesel_async::RunQueryDsl;

use super::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::schema::area_scopes;
use crate::base::statement::statement;

/// Makes the table say what the index does, touching only what differs.
pub async fn renew(db: &mut Conn, index: &Areas) -> Result<()> {
    let known: BTreeSet<(AreaId, AreaId)> = area_scopes::table
        .select((area_scopes::area_id, area_scopes::covered_id))
        .load(db)
        .await?
        .into_iter()
        .collect();
    let wanted: BTreeSet<(AreaId, AreaId)> = index
        .all()
        .iter()
        .flat_map(|area| index.cover(area.id).into_iter().map(|covered| (area.id, covered)))
        .collect();
    let delete =
        "delete from area_scopes where (area_id, covered_id) in (select * from unnest($1, $2))";
    let insert = "insert into area_scopes (area_id, covered_id) select * from unnest($1, $2)";
    for (sql, from, without) in [(delete, &known, &wanted), (insert, &wanted, &known)] {
        let (areas, covered): (Vec<AreaId>, Vec<AreaId>) =
            from.difference(without).copied().unzip();
        statement(sql)
            .bind::<Array<Integer>, _>(areas)
            .bind::<Array<Integer>, _>(covered)
            .execute(db)
            .await?;
    }
    Ok(())
}

/// In whose chain the inputs of an area stand: of the area that keeps its records today, or of the
/// one above where it was split or abolished, as all districts were.
pub fn keeper(areas: &Areas, area: AreaId) -> AreaId {
    match (areas.settled(area), areas.get(area).versions.last().and_then(|last| last.parent)) {
        (Some(settled), _) => settled,
        (None, Some(above)) => keeper(areas, above),
        (None, None) => area,
    }
}
