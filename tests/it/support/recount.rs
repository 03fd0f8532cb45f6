//! The register of every closed day, told again from the trail alone.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::sql_types::{Date, Text};
use diesel_async::RunQueryDsl;
use hoctap::access::Role;
use hoctap::base::kind::Status;
use serde_json::{Map, Value};

use super::TestApp;

#[derive(diesel::QueryableByName)]
struct Told {
    #[diesel(sql_type = Date)]
    day: NaiveDate,
    #[diesel(sql_type = Text)]
    entity: String,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    body: String,
}

#[derive(diesel::QueryableByName)]
struct Closed {
    #[diesel(sql_type = Date)]
    day: NaiveDate,
}

/// A title as the trail tells it, and the decision that recognised it.
#[derive(Clone)]
struct Title {
    fields: Map<String, Value>,
    recognised_by: Option<String>,
}

/// Area, year, kind, level, group, grade.
type Cell = (String, i64, String, String, String, String);

/// Every figure of every closed day, by any day on the decision, is that of the records as the trail
/// tells them.
pub async fn recount(app: &TestApp) {
    let mut db = app.db().await;
    // A thing that moves between chains is told in the order of time.
    let told: Vec<Told> = diesel::sql_query(
        "select e.day, i.entity, i.entity_id as id, i.body
         from audit_items i join audit_entries e on e.area_id = i.area_id and e.seq = i.seq
         where i.entity in ('title', 'decision') order by e.at, i.area_id, i.seq, i.n",
    )
    .load(&mut db)
    .await
    .expect("the trail");
    let days: Vec<Closed> = diesel::sql_query("select day from closed_days order by day")
        .load(&mut db)
        .await
        .expect("closed days");
    let areas = hoctap::areas::Areas::load(&mut db).await.expect("the areas");
    let client = app.named_user("recounting", Role::Auditor, "VN").await;
    let mut compared = 0;
    for Closed { day } in days {
        let mut titles: BTreeMap<&str, Title> = BTreeMap::new();
        let mut decided: BTreeMap<&str, NaiveDate> = BTreeMap::new();
        for told in told.iter().filter(|told| told.day <= day) {
            let body: Value = serde_json::from_str(&told.body).expect("JSON");
            if told.entity == "decision" {
                if let Some(on) = body["after"]["decided_on"].as_str() {
                    decided.insert(&told.id, on.parse().expect("a day"));
                }
                continue;
            }
            let Some(after) = body["after"].as_object() else {
                titles.remove(&*told.id);
                continue;
            };
            let empty = || Title { fields: Map::new(), recognised_by: None };
            let title = titles.entry(&told.id).or_insert_with(empty);
            title.fields.extend(after.clone());
            let decision = title.fields["decision"].as_str().map(str::to_owned);
            match title.fields["status"].as_str() {
                Some("recognised") => title.recognised_by = decision,
                Some("revoked") => {}
                _ => title.recognised_by = None,
            }
        }
        let mut by: Vec<Option<NaiveDate>> = decided.values().copied().map(Some).collect();
        by.sort_unstable();
        by.dedup();
        by.push(None);
        for decided_by in by {
            let later = |id: Option<&str>| {
                id.and_then(|id| decided.get(id))
                    .is_some_and(|on| decided_by.is_some_and(|by| *on > by))
            };
            let mut expected: BTreeMap<Cell, BTreeMap<String, i64>> = BTreeMap::new();
            for (id, title) in &titles {
                let mut key = id.split('/').skip(1);
                let field = |name: &str| title.fields[name].as_str().unwrap_or_default().to_owned();
                let decision = title.fields["decision"].as_str();
                let mut status = field("status");
                if status == "revoked" && later(decision) {
                    status = "recognised".to_owned();
                }
                let by = match &*status {
                    "recognised" => title.recognised_by.as_deref(),
                    "not_recognised" => decision,
                    _ => None,
                };
                if later(by) {
                    status = "verified".to_owned();
                }
                let area = title.fields["area"].as_i64().expect("an area") as i32;
                let cell = (
                    areas.naming(area, day),
                    key.next().expect("a year").parse().expect("a number"),
                    field("kind"),
                    key.next().expect("a level").to_owned(),
                    field("group"),
                    field("grade"),
                );
                *expected.entry(cell).or_default().entry(status).or_default() += 1;
            }
            let question = decided_by.map(|by| format!("&decided_by={by}")).unwrap_or_default();
            let answer = client
                .get(&format!(
                    "/statistics?as_of={day}&boundaries=recorded&depth=commune&by=group,grade\
                     &year_from=2021&year_to=2030{question}"
                ))
                .await
                .is(200);
            let mut counted: BTreeMap<Cell, BTreeMap<String, i64>> = BTreeMap::new();
            for row in answer["items"].as_array().expect("items") {
                let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
                let mut area = text("area");
                if let Some(until) = row["area_until"].as_str() {
                    area = format!("{area}@{until}");
                }
                let cell = (
                    area,
                    row["year"].as_i64().expect("a year"),
                    text("kind"),
                    text("level"),
                    text("group"),
                    text("grade"),
                );
                let states = Status::ALL.iter().filter_map(|status| {
                    let count = row["by_status"][status.as_str()].as_i64().expect("a count");
                    (count != 0).then(|| (status.to_string(), count))
                });
                let states: BTreeMap<String, i64> = states.collect();
                if !states.is_empty() {
                    counted.insert(cell, states);
                }
            }
            assert_eq!(counted, expected, "as of {day}, decided by {decided_by:?}");
            compared += counted.len();
        }
    }
    assert!(compared > 0, "nothing was compared");
}
