//! The same records on two maps: what was merged whole restates exactly, what was split or would have
//! to be taken apart stands unresolved, and nothing is lost or counted twice at any level.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel_async::SimpleAsyncConnection;
use hoctap::access::Role;
use hoctap::areas::{AreaId, AreaLevel, Areas};
use serde_json::{Value, json};

use crate::support::records::COMMUNE;
use crate::support::{Client, TestApp, faults};

const BEFORE: &str = "2025-06-30";
const AFTER: &str = "2025-07-01";

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

async fn rows(client: &Client<'_>, question: &str) -> Vec<Value> {
    let answer = client.get(&format!("/statistics?kind=family&year_from=2025&{question}")).await;
    answer.is(200)["items"].as_array().expect("items").clone()
}

fn registered(row: &Value) -> i64 {
    row["registered"].as_i64().expect("a number")
}

fn sum(rows: &[Value]) -> i64 {
    rows.iter().map(registered).sum()
}

/// Records in every commune that there ever was, another number in each, as the ledger counts them.
async fn records_everywhere(app: &TestApp) -> Areas {
    let mut db = app.db().await;
    db.batch_execute(
        "insert into title_counts (area_id, placed_id, kind, level, year, group_code, grade,
                                   valid_through, registered, recognised)
         select id, 0, 'family', 'commune', 2025, '', '', 2025, id % 7 + 1, id % 3
         from areas where level = 'commune'",
    )
    .await
    .expect("counts");
    Areas::load(&mut db).await.expect("the areas")
}

/// How many records were put into an area.
fn of(area: AreaId) -> i64 {
    i64::from(area % 7 + 1 + area % 3)
}

#[actix_web::test]
async fn every_succession_of_the_country_restates_both_ways() {
    let app = TestApp::start().await;
    let areas = records_everywhere(&app).await;
    let communes: Vec<AreaId> =
        areas.all().iter().filter(|a| a.level == AreaLevel::Commune).map(|a| a.id).collect();
    let all: i64 = communes.iter().map(|id| of(*id)).sum();
    let client = app.stranger();
    let mut whole_before = BTreeMap::new();
    for (map, own, other) in [(AFTER, AFTER, BEFORE), (BEFORE, BEFORE, AFTER)] {
        let found = rows(&client, &format!("depth=commune&boundaries={map}")).await;
        assert_eq!(sum(&found), all, "{map}");
        // What is expected follows from the successions alone.
        let mut expected: BTreeMap<BTreeSet<String>, i64> = BTreeMap::new();
        for id in &communes {
            let area = areas.get(*id);
            let here: BTreeSet<String> = if area.version(day(own)).is_some() {
                [areas.code(*id, day(map)).to_owned()].into()
            } else {
                assert!(area.version(day(other)).is_some());
                let others = if map == AFTER { &area.successors } else { &area.predecessors };
                others.iter().map(|s| areas.code(s.area, day(map)).to_owned()).collect()
            };
            *expected.entry(here).or_default() += of(*id);
        }
        let mut counted: BTreeMap<BTreeSet<String>, i64> = BTreeMap::new();
        for row in &found {
            let key: BTreeSet<String> = match row["part"].as_str() {
                Some("whole" | "own") => [row["area"].as_str().unwrap().to_owned()].into(),
                _ => {
                    let candidates = row["candidates"].as_array().expect("candidates");
                    assert!(candidates.len() > 1, "{row:#}");
                    candidates.iter().map(|c| c["code"].as_str().unwrap().to_owned()).collect()
                }
            };
            *counted.entry(key).or_default() += registered(row);
        }
        assert_eq!(counted, expected, "{map}");
        whole_before.insert(map, found);
    }
    // 440 communes were split, some of them between the same successors.
    let unresolved = whole_before[AFTER].iter().filter(|row| row["part"] == "unresolved");
    assert!(unresolved.clone().count() > 300);
    for row in unresolved {
        assert_eq!(row["area_level"], "province", "no split crossed a province");
        assert_eq!((&row["total"], &row["coverage"]["communes"]), (&Value::Null, &json!(0)));
    }
}

#[actix_web::test]
async fn sums_are_equal_at_every_level() {
    let app = TestApp::start().await;
    let areas = records_everywhere(&app).await;
    let client = app.stranger();
    let country = rows(&client, "").await;
    let all = sum(&country);
    for map in [AFTER, BEFORE, "recorded"] {
        let mut levels = vec!["country", "province", "commune"];
        if map != AFTER {
            levels.insert(2, "district");
        }
        for depth in &levels {
            let found = rows(&client, &format!("depth={depth}&boundaries={map}")).await;
            assert_eq!(sum(&found), all, "{map} by {depth}");
        }
        // Each province is what lies in it, its unresolved part included.
        let provinces = rows(&client, &format!("depth=province&boundaries={map}")).await;
        let on = if map == BEFORE { day(BEFORE) } else { day(AFTER) };
        let ask = ["37", "79", "36", "24"];
        for code in ask.into_iter().filter(|code| areas.find(code, on).is_some()) {
            if map == "recorded" {
                continue;
            }
            let province = provinces.iter().find(|row| row["area"] == code).expect("a province");
            for depth in &levels[1..] {
                let question = format!("area={code}&depth={depth}&boundaries={map}");
                let found = rows(&client, &question).await;
                assert_eq!(sum(&found), registered(province), "{question}");
            }
        }
    }
    // A district of the old map holds what surely lies in it.
    let districts = rows(&client, &format!("area=36&depth=district&boundaries={BEFORE}")).await;
    for district in districts.iter().filter(|row| row["part"] == "whole") {
        let code = district["area"].as_str().expect("a code");
        let question = format!("area={code}&depth=commune&boundaries={BEFORE}");
        assert_eq!(sum(&rows(&client, &question).await), registered(district), "{code}");
    }
    let problem = client.get("/statistics?depth=district").await.refuses(422, "invalid");
    assert_eq!(faults(&problem), [("?depth", "depth")]);
}

#[actix_web::test]
async fn boundaries_are_asked_by_their_day() {
    let app = TestApp::start().await;
    let client = app.stranger();
    // The same code, another commune; a code that is no more.
    let old = rows(&client, &format!("area=26740&boundaries={BEFORE}")).await;
    let new = rows(&client, &format!("area=26740&boundaries={AFTER}")).await;
    assert_eq!(old[0]["area_name"], "Phường Bến Nghé, Thành phố Hồ Chí Minh");
    assert_eq!(new[0]["area_name"], "Phường Sài Gòn, Thành phố Hồ Chí Minh");
    let province = rows(&client, &format!("area=36&boundaries={BEFORE}")).await;
    assert_eq!(province[0]["area_name"], "Tỉnh Nam Định");
    assert_eq!(province[0]["coverage"]["communes"], 175);
    for (boundaries, code) in [("2025-02-28", "boundaries"), ("hôm nay", "boundaries")] {
        let path = format!("/statistics?boundaries={boundaries}");
        let problem = client.get(&path).await.refuses(422, "invalid");
        assert_eq!(faults(&problem), [("?boundaries", code)]);
    }
    let answer = client.get("/statistics?boundaries=recorded").await.is(200);
    assert_eq!((&answer["boundaries"], &answer["items"]), (&json!("recorded"), &json!([])));
}

#[actix_web::test]
async fn totals_hold_on_another_map_where_it_is_made_of_whole_areas() {
    let app = TestApp::start().await;
    let areas = records_everywhere(&app).await;
    let mut db = app.db().await;
    let commune = areas.find(COMMUNE, day(AFTER)).expect("a commune");
    let made_of: Vec<String> =
        areas.get(commune).predecessors.iter().map(|p| p.area.to_string()).collect();
    let insert = |ids: &[String], year: i16, total: i32| {
        format!(
            "insert into area_totals (area_id, year, base, n, total, source, day, author_id, version)
             select id, {year}, 'households', 1, {total}, 'Công an', '2025-01-01',
                    '00000000-0000-0000-0000-000000000000', 0
             from areas where id in ({});",
            ids.join(", ")
        )
    };
    // Of 2024, by the communes of then, all but one; of 2025 by that of today.
    db.batch_execute(&insert(&made_of[1..], 2024, 100)).await.expect("totals");
    db.batch_execute(&insert(&[commune.to_string()], 2025, 1000)).await.expect("a total");
    let client = app.stranger();
    let of_2024 = async |question: &str| {
        let path = format!("/statistics?kind=family&year_from=2024&{question}");
        client.get(&path).await.is(200)["items"][0].clone()
    };
    let here = format!("area={COMMUNE}&boundaries={AFTER}");
    let known = 100 * (made_of.len() - 1);
    let row = of_2024(&here).await;
    assert_eq!((&row["total"], &row["total_source"]), (&json!(known), &json!("partial")));
    db.batch_execute(&insert(&made_of[..1], 2024, 100)).await.expect("the last");
    // No change of the register, which would have its entry: only another question is asked anew.
    let row = of_2024(&format!("{here}&level=commune")).await;
    let known = 100 * made_of.len();
    assert_eq!((&row["total"], &row["total_source"]), (&json!(known), &json!("summed")));
    assert_eq!(row["coverage"]["with_total"], 1);
    let row = rows(&client, &format!("area={COMMUNE}&boundaries={AFTER}")).await;
    assert_eq!((&row[0]["total"], &row[0]["total_source"]), (&json!(1000), &json!("own")));
    // Nobody can say how much of it lay in which of the communes before.
    let before: Vec<Value> =
        rows(&client, &format!("area=36&depth=commune&boundaries={BEFORE}")).await;
    assert!(before.iter().all(|row| row["total_source"] == "missing"));
}

#[actix_web::test]
async fn the_records_of_every_row_are_those_it_counts() {
    let app = TestApp::start().await;
    let mut db = app.db().await;
    // One title in every commune of the province, old and new, and in those that were split.
    db.batch_execute(
        "create temporary table made as
             select uuidv.id, c.area_id as area from (
                 select s.covered_id as area_id from area_scopes s
                 join area_versions p on p.area_id = s.area_id and p.code in ('37', '79')
                                     and p.valid_from = '2025-07-01'
                 join areas a on a.id = s.covered_id and a.level = 'commune'
                 group by 1
             ) c, lateral (select gen_random_uuid() as id, c.area_id) uuidv;
         insert into holders (id, code, kind, area_id, name, search_key, group_code, details, version)
             select id, left(replace(id::text, '-', ''), 9), 'family', area, 'Gia đình', 'gia dinh', '',
                    '{}', 0 from made;
         insert into titles (code, name, search_key, holder_id, year, level, kind, area_id, group_code,
                             status, grade, valid_through, registered_on, difficult, outcome, hands,
                             version)
             select left(replace(id::text, '-', ''), 9), 'Gia đình', 'gia dinh', id, 2025, 'commune',
                    'family', area, '', 'registered', '', 2025, '2025-06-01', false, 'unknown', '{}', 0 from made;
         insert into title_counts (area_id, placed_id, kind, level, year, group_code, grade,
                                   valid_through, registered)
             select area, 0, 'family', 'commune', 2025, '', '', 2025, 1 from made;",
    )
    .await
    .expect("records");
    let auditor = app.user(Role::Auditor, "VN").await;
    let mut parts = BTreeSet::new();
    for (area, map) in
        [("37", AFTER), ("79", AFTER), ("36", BEFORE), ("79", BEFORE), ("37", "recorded")]
    {
        for depth in ["province", "commune"] {
            let question = format!("area={area}&depth={depth}&boundaries={map}");
            let found = rows(&auditor, &question).await;
            for row in found.iter().step_by(if depth == "commune" { 19 } else { 1 }) {
                let link = row["records"].as_str().expect("a link");
                let listed = auditor.get(&format!("{link}&count=exact&limit=1")).await.is(200);
                assert_eq!(listed["count"], row["registered"], "{link}");
                parts.insert(row["part"].as_str().expect("a part").to_owned());
            }
        }
    }
    assert_eq!(parts, ["unresolved".to_owned(), "whole".to_owned()].into());
}
