//! What must be true of a register whatever was done to it.

use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;
use hoctap::areas::Areas;
use hoctap::figures::statistics;
use hoctap::ledger::audit;

use super::TestApp;

#[derive(diesel::QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    n: i64,
    #[diesel(sql_type = Text)]
    example: String,
}

/// Counts equal the records, days add up to counts, the last state of every title is the title, and
/// every chain verifies.
pub async fn prove(app: &TestApp) {
    let mut db = app.db().await;
    assert_eq!(
        statistics::rows::differences(&mut db).await.unwrap(),
        0,
        "counts differ from records"
    );
    let states: Found = diesel::sql_query(
        "with last as (
             select distinct on (holder_id, year, level) *
             from title_states order by holder_id, year, level, n desc
         ), known as (
             select holder_id, year, level, kind, area_id, placed_id, group_code, status, grade,
                    valid_through from last where status is not null
         ), kept as (
             select holder_id, year, level, kind, area_id, placed_id, group_code, status, grade,
                    valid_through from titles
         ), different as (
             (table known except table kept) union all (table kept except table known)
         )
         select count(*) as n, coalesce(min(d::text), '') as example from different d",
    )
    .get_result(&mut db)
    .await
    .unwrap();
    assert_eq!(states.n, 0, "the last state of a title is not the title: {}", states.example);
    let versions: Found = diesel::sql_query(
        "with different as (
             select 'title' as entity, holder_id || '/' || year || '/' || level as id, version
             from titles
             union all select 'holder', id::text, version from holders
             union all select 'decision', id::text, version from decisions
         )
         select count(*) as n, coalesce(min(d::text), '') as example from different d
         where not exists (
             select from audit_items i
             where i.area_id = (d.version >> 40) and i.seq = (d.version & ((1::bigint << 40) - 1))
               and i.entity = d.entity and i.entity_id = d.id)",
    )
    .get_result(&mut db)
    .await
    .unwrap();
    assert_eq!(versions.n, 0, "a version names no entry of its thing: {}", versions.example);
    let country = Areas::load(&mut db).await.unwrap().country();
    let chains = audit::rows::chains(&mut db, country).await.unwrap();
    let verdict = audit::verify::verify(&mut db, &chains).await.unwrap();
    assert!(verdict.valid, "{:?}", verdict.faults);
}
