//! The reform of 1 July 2025 as an auditor sees it: records of old and new communes on both maps, on
//! five days, and whatever happened since, the same bytes.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use hoctap::access::Role;
use hoctap::base::kind::{Kind, Level};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::former::Former;
use crate::support::records::{
    COMMUNE, PROVINCE, citizen, close_day, decision, family, record, register_is_sound, title_at,
    title_path,
};
use crate::support::recount::recount;
use crate::support::{Client, TestApp};

/// Phường Vị Xuyên, which went whole into Phường Nam Định.
const MERGED: &str = "13636";
/// Phường Tiên Nội, which was split between two wards of the same province.
const SPLIT: &str = "13354";
const PARTS: [&str; 2] = ["13363", "13366"];
const BEFORE: &str = "2025-06-30";
const AFTER: &str = "2025-07-01";

/// Families with titles of these years, as registered in a commune that is no more.
async fn families(
    app: &TestApp,
    former: &mut Former,
    hamlet: Option<Uuid>,
    names: &[&str],
    years: &[i16],
) {
    for name in names {
        let holder = former.holder(app, Kind::Family, hamlet, name).await;
        for year in years {
            former.title(&holder, *year, Level::Commune).await;
        }
    }
}

fn registered(row: &Value) -> i64 {
    row["registered"].as_i64().expect("a number")
}

/// What families registered in a year by commune, by code or by the codes of the candidates.
async fn by_commune(
    client: &Client<'_>,
    year: i16,
    boundaries: &str,
    day: NaiveDate,
) -> BTreeMap<String, i64> {
    let path = format!(
        "/statistics?kind=family&year_from={year}&area={}&depth=commune&boundaries={boundaries}\
         &as_of={day}",
        if boundaries == BEFORE { "VN" } else { PROVINCE }
    );
    let answer = client.get(&path).await.is(200);
    let rows = answer["items"].as_array().expect("items").iter();
    let name = |row: &Value| match row["candidates"].as_array() {
        Some(among) => {
            let codes: Vec<&str> = among.iter().map(|c| c["code"].as_str().unwrap()).collect();
            codes.join(" ")
        }
        None => row["area"].as_str().expect("a code").to_owned(),
    };
    let rows = rows.filter(|row| registered(row) > 0);
    rows.map(|row| (name(row), registered(row))).collect()
}

/// Whatever is asked of a day, at every level of every map the sums of each year are the same, and
/// each row lists what it counts.
async fn agrees(client: &Client<'_>, day: NaiveDate) {
    let mut sums = Vec::new();
    for (map, depths) in [
        (BEFORE, ["country", "province", "district", "commune"].as_slice()),
        (AFTER, &["country", "province", "commune"]),
        ("recorded", &["country", "commune"]),
    ] {
        for depth in depths {
            let path = format!(
                "/statistics?kind=family&year_from=2025&as_of={day}&boundaries={map}&depth={depth}"
            );
            let answer = client.get(&path).await.is(200);
            let rows = answer["items"].as_array().expect("items").iter();
            let mut sum = 0;
            for row in rows.filter(|row| registered(row) > 0) {
                sum += registered(row);
                let link = row["records"].as_str().expect("a link");
                let listed = client.get(&format!("{link}&count=exact&limit=1")).await.is(200);
                assert_eq!(listed["count"], row["registered"], "{link}");
            }
            sums.push(sum);
        }
    }
    assert!(sums[0] > 0 && sums.iter().all(|sum| *sum == sums[0]), "{day}: {sums:?}");
}

/// Every answer of a day that an auditor kept: the question and its bytes.
async fn keep(client: &Client<'_>, day: NaiveDate, kept: &mut BTreeMap<String, Vec<u8>>) {
    for map in [BEFORE, AFTER, "recorded"] {
        let (area, depth) = if map == AFTER { (PROVINCE, "commune") } else { ("VN", "country") };
        let when = format!("as_of={day}&boundaries={map}");
        for more in ["", "&by=group,grade", "&decided_by=2026-11-22", "&format=1"] {
            let years = "year_from=2024&year_to=2026";
            let question = format!("/statistics?area={area}&depth={depth}&{years}&{when}{more}");
            let answer = client.get(&question).await;
            assert_eq!(answer.status, 200, "{question}");
            kept.insert(question, answer.bytes);
        }
        for more in ["limit=500", "sample=3&seed=2026"] {
            let question = format!("/titles?{when}&{more}");
            let answer = client.get(&question).await;
            assert_eq!(answer.status, 200, "{question}");
            kept.insert(question, answer.bytes);
        }
    }
}

#[actix_web::test]
async fn the_figures_of_the_reform_are_those_an_auditor_signs() {
    let app = TestApp::start().await;
    let auditor = app.user(Role::Auditor, "VN").await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let mut kept = BTreeMap::new();

    // Day one: records of 2024 and 2025 in communes that were merged and split since.
    let mut merged = Former::open(&app, MERGED).await;
    let names = ["Trần Văn An", "Lê Thị Bình", "Phạm Văn Cả"];
    families(&app, &mut merged, None, &names, &[2024, 2025]).await;
    let mut split = Former::open(&app, SPLIT).await;
    let (east, west) = (split.hamlet("Đông").await, split.hamlet("Tây").await);
    let names = ["Vũ Văn Dũng", "Đỗ Thị Én"];
    families(&app, &mut split, Some(east), &names, &[2024, 2025]).await;
    families(&app, &mut split, Some(west), &["Hồ Văn Giang"], &[2025]).await;
    let one = close_day(&app).await;
    let old = by_commune(&auditor, 2025, BEFORE, one).await;
    assert_eq!(old, [(SPLIT.to_owned(), 3), (MERGED.to_owned(), 3)].into());
    let new = by_commune(&auditor, 2025, AFTER, one).await;
    assert_eq!(new, [(COMMUNE.to_owned(), 3), (PARTS.join(" "), 3)].into());
    let path = format!(
        "/statistics?kind=family&year_from=2025&depth=commune&area={PROVINCE}\
         &boundaries={AFTER}&as_of={one}"
    );
    let answer = auditor.get(&path).await.is(200);
    let items = answer["items"].as_array().expect("items");
    let open = items.iter().find(|row| row["part"] == "unresolved").expect("an unresolved row");
    assert_eq!((&open["area"], &open["area_level"]), (&json!(PROVINCE), &json!("province")));
    agrees(&auditor, one).await;
    keep(&auditor, one, &mut kept).await;

    // Day two: the first hamlet is placed; day three: the rest.
    let placements = format!("/areas/commune/{SPLIT}/placements");
    let first = json!({"hamlets": [{"id": east, "successor": PARTS[0]}]});
    supervisor.post(&placements, first).await.is(200);
    let two = close_day(&app).await;
    keep(&auditor, two, &mut kept).await;
    let new = by_commune(&auditor, 2025, AFTER, two).await;
    let expected = [(COMMUNE, 3), (PARTS[0], 2), (&PARTS.join(" "), 1)];
    assert_eq!(new, expected.map(|(code, n)| (code.to_owned(), n)).into());
    let second = json!({"hamlets": [{"id": west, "successor": PARTS[1]}]});
    supervisor.post(&placements, second).await.is(200);
    let three = close_day(&app).await;
    keep(&auditor, three, &mut kept).await;
    let new = by_commune(&auditor, 2025, AFTER, three).await;
    let expected = [(COMMUNE, 3), (PARTS[0], 2), (PARTS[1], 1)];
    assert_eq!(new, expected.map(|(code, n)| (code.to_owned(), n)).into());
    // On the old map they never left their commune.
    assert_eq!(by_commune(&auditor, 2025, BEFORE, three).await, old);

    // Day four: the new commune registers and recognises its own.
    let revoked = family(&recorder, "Ngô Văn Hải").await;
    title_at(&recorder, &approver, &revoked, 2025, "recognised").await;
    let twin = family(&recorder, "Bùi Thị Lan").await;
    title_at(&recorder, &approver, &twin, 2026, "registered").await;
    let person = citizen(&recorder, COMMUNE, "Trịnh Bá Ngân", json!({})).await;
    recorder.put(&title_path(&person, 2025), json!({})).await.is(200);
    let four = close_day(&app).await;
    keep(&auditor, four, &mut kept).await;
    assert_eq!(by_commune(&auditor, 2025, AFTER, four).await[COMMUNE], 4);
    // Going back nobody can say in which of those that were merged it would have been made.
    let before = by_commune(&auditor, 2025, BEFORE, four).await;
    let open: Vec<_> = before.iter().filter(|(codes, _)| codes.contains(' ')).collect();
    assert_eq!((open.len(), *open[0].1), (1, 1));
    assert!(open[0].0.contains(MERGED));

    // Day five: all that can happen to what was told before.
    let title = recorder.get(&title_path(&revoked, 2025)).await.is(200);
    let parts = json!([{"action": "revoke", "records": [record(&title)], "reason": "Khai sai"}]);
    approver.post("/decisions", decision("thu hồi", parts)).await.is(201);
    let known = |holder: &Value| format!("/holders/{}", holder["id"].as_str().expect("an id"));
    let stays = recorder.get(&known(&revoked)).await.is(200);
    let goes = recorder.get(&known(&twin)).await.is(200);
    let merge =
        json!({"other": goes["id"], "other_version": goes["version"], "reason": "Khai hai lần"});
    recorder.step(&format!("{}/merge", known(&revoked)), &stays, merge).await.is(201);
    let forgotten = recorder.get(&known(&person)).await.is(200);
    let reason = json!({"reason": "Theo đơn yêu cầu"});
    supervisor.step(&format!("{}/personal-data", known(&person)), &forgotten, reason).await.is(204);
    let totals = format!("/areas/commune/{COMMUNE}/totals/2025");
    let body = json!({"totals": [{"base": "households", "total": 9000, "source": "Công an"}]});
    recorder.put(&totals, body).await.is(200);
    let five = close_day(&app).await;
    keep(&auditor, five, &mut kept).await;
    for day in [one, two, three, four, five] {
        agrees(&auditor, day).await;
    }

    // A newer form of the answers is asked for from now on: it tells the days as it would have told
    // them at once.
    let other = app.beside().await;
    let again = other.log_in("auditor.vn").await;
    for (question, bytes) in &kept {
        if question.starts_with("/statistics?") && !question.contains("format=") {
            let newer = again.get(&format!("{question}&format=2")).await.is(200);
            let told: Value = serde_json::from_slice(bytes).expect("JSON");
            assert_eq!((&newer["format"], &told["format"]), (&json!(2), &json!(1)), "{question}");
            let counted = |answer: &Value| -> Vec<[Value; 4]> {
                let rows = answer["items"].as_array().expect("items").iter();
                let figures = ["registered", "recognised", "in_force", "by_status"];
                rows.map(|row| figures.map(|figure| row[figure].clone())).collect()
            };
            assert_eq!(counted(&newer), counted(&told), "{question}");
        }
    }

    // Asked again as they were, of a server that never heard the questions: the same bytes, but for
    // the name that nobody may keep.
    let mut nameless = 0;
    for (question, bytes) in &kept {
        let now = again.get(question).await.bytes;
        let told: Value = serde_json::from_slice(bytes).expect("JSON");
        if told.to_string().contains("Trịnh Bá Ngân") {
            let mut told = told;
            forget(&mut told, "Trịnh Bá Ngân");
            let now: Value = serde_json::from_slice(&now).expect("JSON");
            assert_eq!(now, told, "{question}");
            nameless += 1;
        } else {
            assert_eq!(String::from_utf8_lossy(&now), String::from_utf8_lossy(bytes), "{question}");
        }
    }
    assert!(nameless > 0, "no list named the person before");
    register_is_sound(&app).await;
    recount(&app).await;
}

/// The same without the name of a person.
fn forget(value: &mut Value, name: &str) {
    match value {
        Value::String(text) if text == name => *value = Value::Null,
        Value::Array(items) => items.iter_mut().for_each(|item| forget(item, name)),
        Value::Object(fields) => fields.values_mut().for_each(|field| forget(field, name)),
        _ => {}
    }
}
