//! The reform of 1 July 2025 as an auditor sees it: records of old and new communes on both maps, on
//! five days, and whatever happened since, the same bytes.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use hoctap::areas::{AreaId, Areas};
use hoctap::auth::{Act, Role};
use hoctap::holders::rows::Holder;
use hoctap::kind::{Kind, Level};
use hoctap::ledger;
use hoctap::titles::change::register;
use hoctap::titles::rows::{self as title_rows, Title};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::records::{
    COMMUNE, PROVINCE, close_day, decision, family, record, register_is_sound, title_at,
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

/// The register as its servers kept it in June 2025.
struct Former {
    areas: Areas,
    commune: AreaId,
    act: Act,
}

impl Former {
    async fn open(app: &TestApp, code: &str) -> Self {
        let on: NaiveDate = BEFORE.parse().expect("a day");
        let areas = Areas::load_known(&mut app.db().await, None, on).await.expect("the areas");
        let commune = areas.find(code, on).expect("a commune of that day");
        Self { areas, commune, act: Act::of_the_product(commune, Role::Recorder) }
    }

    /// Families with titles of these years, as registered then.
    async fn families(&self, app: &TestApp, names: &[&str], years: &[i16]) -> Vec<Uuid> {
        let mut db = app.db().await;
        let mut made = Vec::new();
        for name in names {
            let new = Holder::new(Kind::Family, self.commune, None, (*name).to_owned());
            let tools = (app.shared.keys.as_ref(), &self.areas);
            let id = Holder::create(&mut db, &self.act, tools, &new, None, true).await;
            let id = id.expect("a holder");
            let holder = Holder::by_ids(&mut db, &[id]).await.expect("a holder").remove(0);
            for year in years {
                let (areas, level) = (&self.areas, Level::Commune);
                register(&mut db, &self.act, areas, &holder, *year, level).await.expect("a title");
            }
            made.push(id);
        }
        made
    }
}

/// The province says in which successor the records of these holders belong.
async fn place(app: &TestApp, holders: &[Uuid], successor: &str) {
    let mut db = app.db().await;
    let areas = app.shared.areas();
    let on: NaiveDate = AFTER.parse().expect("a day");
    let to = areas.find(successor, on).expect("a successor");
    let found = Title::all_of(&mut db, holders).await.expect("titles");
    let act = Act::of_the_product(areas.find(PROVINCE, on).expect("the province"), Role::Supervisor);
    ledger::write(&mut db, &act, "hamlet.place", async |w| {
        let mut chains: Vec<AreaId> = found.iter().map(|t| areas.chain(t.area_id, None)).collect();
        chains.push(to);
        w.lock(&chains).await?;
        let placed = |title: &Title| Title { placed_id: Some(to), ..title.clone() };
        let changes = found.iter().map(|title| (title.clone(), placed(title))).collect();
        title_rows::save_all(w, &areas, changes, false).await
    })
    .await
    .expect("placed");
}

fn registered(row: &Value) -> i64 {
    row["registered"].as_i64().expect("a number")
}

/// The figures of a year by commune on a map: registered by code, or by the candidates.
async fn by_commune(
    client: &Client<'_>,
    year: i16,
    question: &str,
) -> BTreeMap<String, i64> {
    let path = format!("/statistics?kind=family&year_from={year}&depth=commune&{question}");
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

/// Whatever is asked of a day, at every level of every map the sums are the same, and each row lists
/// what it counts.
async fn agrees(client: &Client<'_>, day: NaiveDate) {
    for year in [2024, 2025, 2026] {
        let mut sums = Vec::new();
        for map in [BEFORE, AFTER, "recorded"] {
            for depth in ["country", "province", "district", "commune"] {
                if depth == "district" && map == AFTER {
                    continue;
                }
                let path = format!(
                    "/statistics?kind=family&year_from={year}&as_of={day}&boundaries={map}&depth={depth}"
                );
                let answer = client.get(&path).await.is(200);
                let items = answer["items"].as_array().expect("items");
                sums.push(items.iter().map(registered).sum::<i64>());
                for row in items.iter().filter(|row| registered(row) > 0) {
                    let link = row["records"].as_str().expect("a link");
                    let listed = client.get(&format!("{link}&count=exact&limit=1")).await.is(200);
                    assert_eq!(listed["count"], row["registered"], "{link}");
                }
            }
        }
        assert!(sums.iter().all(|sum| *sum == sums[0]), "{day} {year}: {sums:?}");
    }
}

#[actix_web::test]
async fn the_figures_of_the_reform_are_those_an_auditor_signs() {
    let app = TestApp::start().await;
    let auditor = app.user(Role::Auditor, "VN").await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    // What was asked, and the bytes that were answered.
    let mut kept: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut days = Vec::new();
    let mut end_of_day = async || {
        let day = close_day(&app).await;
        for map in [BEFORE, AFTER, "recorded"] {
            for more in ["", "&by=group,grade", "&decided_by=2026-11-22", "&format=1"] {
                let question = format!(
                    "/statistics?year_from=2024&year_to=2026&depth=commune&as_of={day}\
                     &boundaries={map}{more}"
                );
                kept.insert(question.clone(), auditor.get(&question).await.bytes);
            }
            let list = format!("/titles?as_of={day}&boundaries={map}&limit=500");
            kept.insert(format!("{list}&sample=5&seed=2026"), Vec::new());
        }
        days.push(day);
        day
    };

    // Day one: records of 2024 and 2025 in communes that were merged and split since.
    let merged = Former::open(&app, MERGED).await;
    merged.families(&app, &["Trần Văn An", "Lê Thị Bình", "Phạm Văn Cả"], &[2024, 2025]).await;
    let split = Former::open(&app, SPLIT).await;
    let first = split.families(&app, &["Vũ Văn Dũng", "Đỗ Thị Én"], &[2024, 2025]).await;
    let second = split.families(&app, &["Hồ Văn Giang"], &[2025]).await;
    let one = end_of_day().await;
    let on = |map: &str, day: NaiveDate| format!("boundaries={map}&as_of={day}");
    let old = by_commune(&auditor, 2025, &on(BEFORE, one)).await;
    assert_eq!(old, [(SPLIT.to_owned(), 3), (MERGED.to_owned(), 3)].into());
    let new = by_commune(&auditor, 2025, &on(AFTER, one)).await;
    assert_eq!(new, [(COMMUNE.to_owned(), 3), (PARTS.join(" "), 3)].into());
    let area = format!("area={PROVINCE}&boundaries={AFTER}&as_of={one}");
    let path = format!("/statistics?kind=family&year_from=2025&depth=commune&{area}");
    let answer = auditor.get(&path).await.is(200);
    let items = answer["items"].as_array().expect("items");
    let open = items.iter().find(|row| row["part"] == "unresolved").expect("an unresolved row");
    assert_eq!((&open["area"], &open["area_level"]), (&json!(PROVINCE), &json!("province")));
    agrees(&auditor, one).await;

    // Day two: the first part is placed; day three: the rest.
    place(&app, &first, PARTS[0]).await;
    let two = end_of_day().await;
    let new = by_commune(&auditor, 2025, &on(AFTER, two)).await;
    let expected = [(COMMUNE, 3), (PARTS[0], 2), (&PARTS.join(" "), 1)];
    assert_eq!(new, expected.map(|(code, n)| (code.to_owned(), n)).into());
    place(&app, &second, PARTS[1]).await;
    let three = end_of_day().await;
    let new = by_commune(&auditor, 2025, &on(AFTER, three)).await;
    let expected = [(COMMUNE, 3), (PARTS[0], 2), (PARTS[1], 1)];
    assert_eq!(new, expected.map(|(code, n)| (code.to_owned(), n)).into());
    // On the old map they never left their commune.
    assert_eq!(by_commune(&auditor, 2025, &on(BEFORE, three)).await, old);

    // Day four: the new commune registers and recognises its own.
    let fourth = family(&recorder, "Ngô Văn Hải").await;
    title_at(&recorder, &approver, &fourth, 2025, "recognised").await;
    let twin = family(&recorder, "Ngô Văn Hãi").await;
    title_at(&recorder, &approver, &twin, 2026, "registered").await;
    let four = end_of_day().await;
    let new = by_commune(&auditor, 2025, &on(AFTER, four)).await;
    assert_eq!(new[COMMUNE], 4);
    // Going back nobody can say in which of those it was made of it would have been.
    let before = by_commune(&auditor, 2025, &on(BEFORE, four)).await;
    let open: Vec<_> = before.iter().filter(|(codes, _)| codes.contains(' ')).collect();
    assert_eq!((open.len(), *open[0].1), (1, 1));
    assert!(open[0].0.contains(MERGED));

    // Day five: all that can happen to what was told before.
    let path = title_path(&fourth, 2025);
    let title = recorder.get(&path).await.is(200);
    let parts = json!([{"action": "revoke", "records": [record(&title)], "reason": "Khai sai"}]);
    approver.post("/decisions", decision("thu hồi", parts)).await.is(201);
    let known = |id: &Value| format!("/holders/{}", id["id"].as_str().expect("an id"));
    let stays = recorder.get(&known(&fourth)).await.is(200);
    let goes = recorder.get(&known(&twin)).await.is(200);
    let merge = json!({"other": goes["id"], "other_version": goes["version"], "reason": "Khai hai lần"});
    recorder.step(&format!("{}/merge", known(&fourth)), &stays, merge).await.is(201);
    let totals = "/areas/commune/13669/totals/2025";
    let body = json!({"totals": [{"base": "households", "total": 9000, "source": "Công an"}]});
    recorder.put(totals, body).await.is(200);
    let five = end_of_day().await;
    for day in [one, two, three, four, five] {
        agrees(&auditor, day).await;
    }

    // Asked again, by a server that never heard the questions: the same bytes.
    let other = app.beside().await;
    let again = other.log_in("auditor.vn").await;
    for (question, bytes) in kept.iter().filter(|(_, bytes)| !bytes.is_empty()) {
        assert!(again.get(question).await.bytes == *bytes, "{question}");
    }
    for question in kept.iter().filter(|(_, bytes)| bytes.is_empty()).map(|(question, _)| question) {
        assert_eq!(auditor.get(question).await.is(200), again.get(question).await.is(200));
    }
    register_is_sound(&app).await;
    recount(&app).await;
}
