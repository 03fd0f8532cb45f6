//! Two closed days compared: what changed, by which entries, and who is told so.

use std::collections::BTreeMap;

use chrono::Days;
use hoctap::access::Role;
use hoctap::base::clock::today;
use hoctap::base::kind::{Kind, Level};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::compare::{compare, difference};
use crate::support::former::Former;
use crate::support::records::{
    COMMUNE, NEIGHBOUR, PROVINCE, close_day, decision, family, holder, record, register_is_sound,
    title_at, title_path,
};
use crate::support::{TestApp, faults};

/// The actions of the entries of a row, each with what it changed of registered and recognised.
fn told(row: &Value) -> BTreeMap<String, Vec<(i64, i64)>> {
    let mut told: BTreeMap<String, Vec<(i64, i64)>> = BTreeMap::new();
    for entry in row["entries"]["items"].as_array().expect("entries") {
        let titles = &entry["titles"];
        let number = |figure: &str| titles[figure].as_i64().unwrap_or(0);
        let effects = told.entry(entry["action"].as_str().expect("an action").to_owned());
        effects.or_default().push((number("registered"), number("recognised")));
    }
    told
}

#[actix_web::test]
async fn what_changed_between_two_days_is_explained_entry_by_entry() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    let totals = "/areas/commune/13669/totals/2026";
    let households = |total: i32| json!({"totals": [{"base": "households", "total": total, "source": "Công an"}]});
    let kept = family(&recorder, "Trần Văn An").await;
    let kept = title_at(&recorder, &approver, &kept, 2026, "recognised").await;
    recorder.put(totals, households(4)).await.is(200);
    let from = close_day(&app).await;

    let parts = json!([{"action": "revoke", "records": [record(&kept)], "reason": "Sai phạm"}]);
    approver.post("/decisions", decision("99", parts)).await.is(201);
    let new = family(&recorder, "Lê Thị Bình").await;
    title_at(&recorder, &approver, &new, 2026, "self_assessed").await;
    // Registered and taken out again: nothing of it is left in the figures.
    let other = family(&recorder, "Phạm Văn Cả").await;
    let path = title_path(&other, 2025);
    let title = recorder.put(&path, json!({})).await.is(200);
    recorder.delete(&path, &title).await.is(204);
    let known = recorder.get(totals).await.is(200);
    let call = recorder.call(Method::PUT, totals).knowing(&known);
    call.json(&households(5)).send().await.is(200);
    let closing = json!({"closings": [{"kind": "clan", "state": "nothing_to_report"}]});
    recorder.put("/areas/commune/13669/closings/2026", closing).await.is(200);
    let paper = json!({"year": 2026, "kind": "citizen", "reported_on": "2026-11-20",
                       "recognised": 10, "source": "Báo cáo của phường"});
    supervisor.post("/areas/commune/13669/reported", paper).await.is(201);
    let target = json!({"targets": [{"kind": "family", "base": "households", "percent": 95.5,
                                     "source": "Kế hoạch tỉnh"}]});
    supervisor.put("/areas/province/37/targets/2030", target).await.is(200);
    let to = close_day(&app).await;

    let question = format!("area=13669&from={from}&to={to}");
    let (rows, whole) = difference(&auditor, &question).await;
    let named: Vec<(&Value, &Value, &Value)> =
        rows.iter().map(|row| (&row["kind"], &row["year"], &row["changed"])).collect();
    assert_eq!(
        named,
        [
            (
                &json!("family"),
                &json!(2026),
                &json!(["total", "registered", "by_status", "recognised", "in_force"])
            ),
            (&json!("clan"), &json!(2026), &json!(["coverage"])),
            (&json!("citizen"), &json!(2026), &json!(["reported"])),
        ]
    );
    let families = &rows[0];
    let states = |side: &str, state: &str| families[side]["by_status"][state].clone();
    assert_eq!(
        (states("before", "recognised"), states("after", "recognised")),
        (json!(1), json!(0))
    );
    assert_eq!((states("before", "revoked"), states("after", "revoked")), (json!(0), json!(1)));
    assert_eq!((&families["before"]["total"], &families["after"]["total"]), (&json!(4), &json!(5)));
    let expected = [
        ("decision.enter", vec![(0, -1)]),
        ("title.assess", vec![(0, 0)]),
        ("title.register", vec![(1, 0)]),
        ("totals.put", vec![(0, 0)]),
    ];
    let expected: BTreeMap<String, Vec<(i64, i64)>> =
        expected.map(|(action, effects)| (action.to_owned(), effects)).into();
    assert_eq!(told(families), expected);
    assert_eq!(told(&rows[1]).into_keys().collect::<Vec<_>>(), ["closings.put"]);
    assert_eq!(told(&rows[2]).into_keys().collect::<Vec<_>>(), ["reported.add"]);
    // Each entry can be looked up.
    for entry in families["entries"]["items"].as_array().expect("entries") {
        assert_eq!((&entry["area"], &entry["day"]), (&json!(COMMUNE), &json!(to)));
        let items = auditor.get(entry["items"].as_str().expect("a path")).await.is(200);
        assert!(!items["items"].as_array().expect("items").is_empty());
    }
    let target = &whole["targets"][0];
    assert_eq!((&target["set_by"], &target["year"]), (&json!("37"), &json!(2030)));
    assert_eq!((&target["before"], &target["after"]), (&Value::Null, &json!(95.5)));
    assert_eq!(target["entries"]["items"][0]["action"], "targets.put");
    for question in ["area=13669", "area=37", "depth=province", "area=37&depth=commune&by=grade"] {
        let question = format!("{question}&year_from=2025&year_to=2027");
        compare(&auditor, &question, from, to, "recorded").await;
        compare(&auditor, &question, from, to, "2025-06-30").await;
    }
    register_is_sound(&app).await;
}

#[actix_web::test]
async fn the_entries_are_named_to_those_who_read_the_trail() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let neighbour = app.user(Role::Recorder, NEIGHBOUR).await;
    let from = close_day(&app).await;
    let here = family(&recorder, "Trần Văn An").await;
    title_at(&recorder, &approver, &here, 2026, "self_assessed").await;
    let there = holder(&neighbour, "family", NEIGHBOUR, json!({"name": "Lê Thị Bình"})).await;
    neighbour.put(&title_path(&there, 2026), json!({})).await.is(200);
    let middle = close_day(&app).await;
    let path = title_path(&here, 2026);
    let title = recorder.get(&path).await.is(200);
    recorder.step(&format!("{path}/verify"), &title, json!({})).await.is(200);
    let to = close_day(&app).await;

    let question = format!("/statistics/diff?area=37&kind=family&from={from}&to={middle}");
    let stranger = app.stranger().get(&question).await.is(200);
    let row = &stranger["items"][0];
    assert_eq!((&row["before"]["registered"], &row["after"]["registered"]), (&json!(0), &json!(2)));
    assert_eq!(row["after"]["by_status"], Value::Null);
    assert_eq!(row["entries"], json!({"count": 3, "items": null}));
    let areas = async |role: Role, area: &str| {
        let client = app.user(role, area).await;
        let answer = client.get(&question).await.is(200);
        let entries = answer["items"][0]["entries"].clone();
        assert_eq!(entries["count"], 3, "{role} {area}");
        let items = entries["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        (entries["items"].is_null(), items.iter().map(|e| e["area"].clone()).collect::<Vec<_>>())
    };
    assert_eq!(areas(Role::Auditor, PROVINCE).await.1.len(), 3);
    assert_eq!(areas(Role::Supervisor, NEIGHBOUR).await, (false, vec![json!(NEIGHBOUR)]));
    assert_eq!(areas(Role::Auditor, "01").await, (false, vec![]));
    for role in [Role::Approver, Role::Viewer, Role::Administrator] {
        assert_eq!(areas(role, PROVINCE).await, (true, vec![]), "{role}");
    }
    // A title that went from one state to the next changed nothing that a stranger is told.
    let question = format!("/statistics/diff?area=37&from={middle}&to={to}");
    assert_eq!(app.stranger().get(&question).await.is(200)["count"], 0);
    let rows = recorder.get(&question).await.is(200);
    assert_eq!(rows["items"][0]["changed"], json!(["by_status"]));
    let problem = app.stranger().get(&format!("{question}&by=group")).await;
    problem.refuses(401, "token_missing");
}

#[actix_web::test]
async fn a_difference_stays_as_it_was_told() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let auditor = app.user(Role::Auditor, "VN").await;
    let from = close_day(&app).await;
    for (kind, name) in [("family", "Trần Văn An"), ("clan", "Họ Trần"), ("citizen", "Lê Văn Tám")]
    {
        let group = (kind == "citizen").then_some("farmers");
        let new = holder(&recorder, kind, COMMUNE, json!({"name": name, "group": group})).await;
        for year in [2025, 2026] {
            recorder.put(&title_path(&new, year), json!({})).await.is(200);
        }
    }
    let to = close_day(&app).await;
    let question = format!("/statistics/diff?area=37&from={from}&to={to}");
    let first = auditor.get(&question).await;
    assert_eq!(first.header("cache-control"), "private, max-age=31536000, immutable");
    let public = app.stranger().get(&question).await;
    assert_eq!(public.header("cache-control"), "public, max-age=31536000, immutable");
    // Without a last day the register is meant as it stands: the same, until something comes.
    let since = format!("/statistics/diff?area=37&from={from}");
    let standing = auditor.get(&since).await;
    assert_eq!(standing.header("cache-control"), "private, no-cache");
    assert_eq!((&standing.body["to"], &standing.body["count"]), (&Value::Null, &json!(6)));
    let tag = standing.header("etag");
    let known = auditor.call(Method::GET, &since).header("if-none-match", tag).send().await;
    assert_eq!(known.status, 304);
    // In pages: every row once, in the same order.
    let mut rows = Vec::new();
    let mut path = format!("{question}&limit=4");
    loop {
        let page = auditor.get(&path).await.is(200);
        rows.extend(page["items"].as_array().expect("items").clone());
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{question}&limit=4&cursor={next}");
    }
    assert_eq!(json!(rows), first.body["items"]);
    assert_eq!((rows.len(), &first.body["format"]), (6, &json!(1)));
    // Whatever comes later, also from another server.
    let later = family(&recorder, "Phạm Văn Cả").await;
    recorder.put(&title_path(&later, 2025), json!({})).await.is(200);
    let changed = auditor.call(Method::GET, &since).header("if-none-match", tag).send().await;
    let changed = changed.is(200);
    let family = &changed["items"][0];
    assert_eq!((&family["kind"], &family["year"]), (&json!("family"), &json!(2025)));
    assert_eq!(
        (&family["after"]["registered"], &family["entries"]["count"]),
        (&json!(2), &json!(2))
    );
    close_day(&app).await;
    let beside = app.beside().await;
    let token = auditor.token();
    assert_eq!(beside.bearer(token).get(&question).await.bytes, first.bytes);
    let tag = first.header("etag");
    let again = auditor.call(Method::GET, &question).header("if-none-match", tag).send().await;
    assert_eq!((again.status, again.header("etag")), (304, tag));

    let stranger = app.stranger();
    let refused = async |question: String| {
        let problem = stranger.get(&format!("/statistics/diff?{question}")).await.is(422);
        let (pointer, code) = faults(&problem)[0];
        (pointer.to_owned(), code.to_owned())
    };
    let open = today() + Days::new(90);
    for (question, pointer, code) in [
        (format!("from={to}&to={from}"), "?to", "days_reversed"),
        (format!("from={from}&to={open}"), "?to", "day_not_closed"),
        (format!("from=2020-01-01&to={to}"), "?from", "day_not_closed"),
        (format!("from={from}&to={to}&format=2"), "?format", "format"),
        (format!("from={from}&to={to}&interval=month"), "?interval", "parameter"),
        (format!("to={to}"), "?from", "parameter"),
    ] {
        assert_eq!(refused(question.clone()).await, (pointer.into(), code.into()), "{question}");
    }
}

/// Phường Vị Xuyên, which went whole into Phường Nam Định, and Phường Tiên Nội, split between two.
const MERGED: &str = "13636";
const SPLIT: &str = "13354";

#[actix_web::test]
async fn moves_placements_and_reforms_are_explained_on_every_map() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let neighbour = app.user(Role::Recorder, NEIGHBOUR).await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let administrator = app.user(Role::Administrator, "VN").await;
    let auditor = app.named_user("auditor", Role::Auditor, "VN").await;
    let mut days = vec![close_day(&app).await];

    let mut former = Former::open(&app, MERGED).await;
    let old = former.holder(&app, Kind::Family, None, "Trần Văn Xương").await;
    former.title(&old, 2025, Level::Commune).await;
    let mut former = Former::open(&app, SPLIT).await;
    let hamlet = former.hamlet("Đông").await;
    let torn = former.holder(&app, Kind::Family, Some(hamlet), "Lê Thị Cúc").await;
    former.title(&torn, 2025, Level::Commune).await;
    let moving = family(&recorder, "Trần Văn An").await;
    title_at(&recorder, &approver, &moving, 2025, "recognised").await;
    title_at(&recorder, &approver, &moving, 2026, "verified").await;
    days.push(close_day(&app).await);

    let claim = json!({"area": NEIGHBOUR, "code": moving["code"]});
    neighbour.post("/moves", claim).await.is(201);
    let placed = json!({"hamlets": [{"id": hamlet, "successor": "13363"}], "rest": "13366"});
    supervisor.post(&format!("/areas/commune/{SPLIT}/placements"), placed).await.is(200);
    days.push(close_day(&app).await);

    let file = format!(
        "effective_on,decree,level,old_code,new_code,kind,new_type,new_name,new_parent_code\n\
         {0},Nghị quyết 99,commune,13669,13669,whole,phường,Thành Nam Định,37\n\
         {0},Nghị quyết 99,commune,13684,13669,whole,,,\n",
        today()
    );
    let reform = administrator.call(Method::POST, "/reforms").bytes(file).send().await.is(201);
    let path = format!("/reforms/{}/apply", reform["id"].as_str().expect("an id"));
    administrator.call(Method::POST, &path).send().await.is(200);
    days.push(close_day(&app).await);

    let (first, last) = (days[0], days[3]);
    for (from, to) in days.iter().copied().zip(days[1..].iter().copied()).chain([(first, last)]) {
        for (question, boundaries) in [
            ("area=37&depth=commune", &*to.to_string()),
            ("depth=province", "2025-06-30"),
            ("depth=commune", "recorded"),
        ] {
            // An area that has ended since is told by its last day, and so is no longer the same text.
            if boundaries == "recorded" && to == last {
                continue;
            }
            let question = format!("{question}&kind=family&year_from=2025&year_to=2026");
            compare(&auditor, &question, from, to, boundaries).await;
        }
    }
    // Out of one commune, into the other; out of the unresolved, into a ward.
    let (from, to) = (days[1], days[2]);
    let question = format!("area=37&depth=commune&from={from}&to={to}");
    let (moved, _) = difference(&auditor, &question).await;
    let named: Vec<(&Value, &Value, &Value, i64)> = moved
        .iter()
        .map(|row| {
            let registered = |side: &str| row[side]["registered"].as_i64().expect("a number");
            let more = registered("after") - registered("before");
            (&row["area"], &row["year"], &row["entries"]["items"][0]["action"], more)
        })
        .collect();
    assert_eq!(
        named,
        [
            (&json!("13363"), &json!(2025), &json!("split.place"), 1),
            (&json!(COMMUNE), &json!(2026), &json!("holder.move"), -1),
            (&json!(NEIGHBOUR), &json!(2026), &json!("holder.move"), 1),
            (&json!("37"), &json!(2025), &json!("split.place"), -1),
        ]
    );
    // Two communes gave way to a new one, by the entry of the reform.
    let (from, to) = (days[2], days[3]);
    let question = format!("area=37&depth=commune&kind=family&from={from}&to={to}");
    let (reformed, _) = difference(&auditor, &question).await;
    assert!(!reformed.is_empty());
    for row in &reformed {
        assert_eq!(row["entries"]["items"][0]["action"], "reform.apply", "{row:#}");
        assert!(row["before"].is_null() != row["after"].is_null(), "{row:#}");
    }
    register_is_sound(&app).await;
}
