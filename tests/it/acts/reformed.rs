//! Reforms with people in them: a commune is split, provinces merge, and what is written while a
//! reform is taken back.

use std::time::Duration;

use chrono::{Days, NaiveDate};
use diesel_async::SimpleAsyncConnection;
use futures_util::future::join;
use hoctap::access::Role;
use hoctap::areas::Areas;
use hoctap::base::clock::today;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::records::{
    COMMUNE, NEIGHBOUR, PROVINCE, close_day, decision, family, hamlet, holder, record,
    register_is_sound, title_at, title_path,
};
use crate::support::{Answer, Client, TestApp, faults};

const HEADER: &str =
    "effective_on,decree,level,old_code,new_code,kind,new_type,new_name,new_parent_code\n";

/// A reform of these rows, from today on.
async fn staged(administrator: &Client<'_>, rows: &[String]) -> Value {
    let on = today();
    let rows = rows.iter().map(|row| format!("{on},Nghị quyết 99/NQ-UBTVQH16,{row}\n"));
    let file: String = std::iter::once(HEADER.to_owned()).chain(rows).collect();
    administrator.call(Method::POST, "/reforms").bytes(file).send().await.is(201)
}

async fn apply(administrator: &Client<'_>, reform: &Value) -> Value {
    let path = format!("/reforms/{}/apply", reform["id"].as_str().unwrap());
    administrator.call(Method::POST, &path).send().await.is(200)
}

async fn undo(administrator: &Client<'_>, reform: &Value) -> Answer {
    let path = format!("/reforms/{}/undo", reform["id"].as_str().unwrap());
    administrator.post(&path, json!({"reason": "Nhập nhầm"})).await
}

fn eve() -> NaiveDate {
    today() - Days::new(1)
}

/// Area, part and registered families of 2026.
async fn rows(client: &Client<'_>, question: &str) -> Vec<(String, String, i64)> {
    let question = format!("/statistics?kind=family&year_from=2026&{question}");
    let answer = client.get(&question).await.is(200);
    let rows = answer["items"].as_array().unwrap().iter();
    rows.filter(|row| row["registered"] != 0)
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            (text("area"), text("part"), row["registered"].as_i64().unwrap())
        })
        .collect()
}

fn row(area: &str, part: &str, registered: i64) -> (String, String, i64) {
    (area.to_owned(), part.to_owned(), registered)
}

fn split_and_merger() -> [String; 4] {
    [
        "commune,13669,13669,part,phường,Nam Định Bắc,37".to_owned(),
        "commune,13669,13671,part,phường,Nam Định Nam,37".to_owned(),
        "commune,13684,13684,whole,phường,Thiên Trường Mới,37".to_owned(),
        "commune,13741,13684,whole,,,".to_owned(),
    ]
}

#[actix_web::test]
async fn a_commune_is_split_with_its_hamlets_people_and_accounts() {
    let app = TestApp::start().await;
    let administrator = app.user(Role::Administrator, "VN").await;
    let accounts = app.user(Role::Administrator, PROVINCE).await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let merged = app.user(Role::Recorder, NEIGHBOUR).await;
    let north = hamlet(&recorder, COMMUNE, "tổ dân phố", "số 1").await;
    let south = hamlet(&recorder, COMMUNE, "tổ dân phố", "số 2").await;
    let mut families = Vec::new();
    for (home, name, status) in [
        (Some(&north), "Trần Văn An", "recognised"),
        (Some(&south), "Lê Thị Bình", "self_assessed"),
        (None, "Phạm Văn Cả", "registered"),
    ] {
        let home = home.map(|hamlet| hamlet["id"].clone());
        let family = holder(&recorder, "family", COMMUNE, json!({"name": name, "hamlet": home}));
        let family = family.await;
        title_at(&recorder, &approver, &family, 2026, status).await;
        families.push(family);
    }
    let far = holder(&merged, "family", NEIGHBOUR, json!({"name": "Vũ Văn Dũng"})).await;
    merged.put(&title_path(&far, 2026), json!({})).await.is(200);

    // Looked at before: who and what stands in the commune.
    let reform = staged(&administrator, &split_and_merger()).await;
    let old = &reform["areas"][0];
    assert_eq!(old["becomes"], json!(["13669", "13671"]));
    assert_eq!(
        (&old["holders"], &old["hamlets"], &old["accounts"]),
        (&json!(3), &json!(2), &json!(2))
    );
    assert_eq!(old["titles"], json!([{"year": 2026, "titles": 3}]));
    apply(&administrator, &reform).await;

    // Both new wards see what waits and neither changes it; the figures name the candidates.
    let path = format!("/areas/commune/{COMMUNE}/placements");
    let open = supervisor.get(&path).await.is(200);
    assert_eq!((&open["holders"], &open["titles"]), (&json!(1), &json!(3)));
    let bac = app.named_user("recorder.bac", Role::Recorder, COMMUNE).await;
    let nam = app.named_user("recorder.nam", Role::Recorder, "13671").await;
    for client in [&bac, &nam] {
        assert_eq!(client.get(&path).await.is(200), open);
        let path = title_path(&families[1], 2026);
        let title = client.get(&path).await.is(200);
        let refused = client.step(&format!("{path}/verify"), &title, json!({})).await;
        refused.refuses(409, "area_not_settled");
    }
    let question = "area=37&depth=commune";
    let now = rows(&auditor, question).await;
    assert!(now.contains(&row("37", "unresolved", 3)), "{now:?}");
    let then = format!("area=37&depth=commune&boundaries={}", eve());
    let before = [row("13669", "whole", 3), row("13684", "whole", 1)];
    assert_eq!(rows(&auditor, &then).await, before);

    // The recorder of the merged commune works on; that of the split one waits for a new area.
    assert_eq!(
        merged.get("/me").await.is(200)["area_name"],
        "Phường Thiên Trường Mới, Tỉnh Ninh Bình"
    );
    let seen = merged.get(&title_path(&far, 2026)).await.is(200);
    let score = json!({"score": {"total": 85}});
    merged.step(&format!("{}/assess", title_path(&far, 2026)), &seen, score).await.is(200);
    let more = holder(&merged, "family", NEIGHBOUR, json!({"name": "Ngô Thị Gấm"})).await;
    merged.put(&title_path(&more, 2026), json!({})).await.is(200);
    let body = json!({"kind": "family", "area": COMMUNE, "name": "Bùi Văn Hải"});
    recorder.post("/holders", body.clone()).await.refuses(403, "area_not_covered");
    let waiting = accounts.get("/users?unsettled=true").await.is(200);
    let mut names: Vec<_> =
        waiting["items"].as_array().unwrap().iter().map(|a| &a["username"]).collect();
    names.sort_by_key(|name| name.to_string());
    assert_eq!(names, ["approver.13669", "recorder.13669"]);
    for account in waiting["items"].as_array().unwrap() {
        let path = format!("/users/{}", account["id"].as_str().unwrap());
        accounts.patch(&path, account, json!({"area": COMMUNE})).await.is(200);
    }
    assert_eq!(accounts.get("/users?unsettled=true").await.is(200)["items"], json!([]));
    app.log_in("recorder.13669").await.post("/holders", body).await.is(201);

    // The province places the hamlets and the rest; each ward goes on with what came to it.
    let place = json!({"hamlets": [{"id": north["id"], "successor": COMMUNE},
                                   {"id": south["id"], "successor": "13671"}], "rest": COMMUNE});
    let done = supervisor.post(&path, place).await.is(200);
    assert_eq!(done, json!({"hamlets": 2, "holders": 3, "titles": 3}));
    let home = format!("/holders/{}", families[1]["id"].as_str().unwrap());
    bac.get(&home).await.refuses(404, "not_found");
    let path = title_path(&families[1], 2026);
    let title = nam.get(&path).await.is(200);
    let title = nam.step(&format!("{path}/verify"), &title, json!({})).await.is(200);
    let judge = app.named_user("approver.nam", Role::Approver, "13671").await;
    let mut body = decision("7", json!([{"action": "recognise", "records": [record(&title)]}]));
    body["authority"]["area"] = json!("13671");
    body["decided_on"] = json!(today());
    judge.post("/decisions", body).await.is(201);
    assert_eq!(
        rows(&auditor, question).await,
        [row("13669", "whole", 2), row("13671", "whole", 1), row("13684", "whole", 2)]
    );
    let on_the_old_map = rows(&auditor, &then).await;
    assert_eq!(on_the_old_map.iter().map(|row| row.2).sum::<i64>(), 5, "{on_the_old_map:?}");
    assert!(on_the_old_map.contains(&row("13669", "whole", 3)), "{on_the_old_map:?}");
    let problem = undo(&administrator, &reform).await.refuses(409, "built_on");
    let found = faults(&problem);
    for what in ["/holders", "/titles", "/hamlets", "/accounts", "/entries"] {
        assert!(found.contains(&(what, "built_on")), "{what}: {found:?}");
    }
    register_is_sound(&app).await;
}

#[actix_web::test]
async fn two_provinces_become_one_under_another_code() {
    let app = TestApp::start().await;
    let administrator = app.user(Role::Administrator, "VN").await;
    let stranger = app.stranger();
    // Lai Châu and Điện Biên, with every commune.
    let mut list = Vec::new();
    for province in ["12", "11"] {
        list.push(format!("province,{province},99,whole,tỉnh,Tây Bắc,"));
        let question = format!("/areas?level=commune&parent={province}&limit=500");
        let below = stranger.get(&question).await.is(200);
        for commune in below["items"].as_array().unwrap() {
            list.push(format!("commune,{},,rename,,,99", commune["code"].as_str().unwrap()));
        }
    }
    let mut codes = list.iter().filter(|row| row.starts_with("commune"));
    let code = codes.next().unwrap().split(',').nth(1).unwrap().to_owned();
    let recorder = app.user(Role::Recorder, &code).await;
    let approver = app.user(Role::Approver, "12").await;
    let supervisor = app.user(Role::Supervisor, "11").await;
    let auditor = app.user(Role::Auditor, "VN").await;
    let village = hamlet(&recorder, &code, "bản", "Nà Lúng").await;
    let family = json!({"name": "Lò Văn Pành", "hamlet": village["id"]});
    let family = holder(&recorder, "family", &code, family).await;
    let path = title_path(&family, 2026);
    let title = recorder.put(&path, json!({})).await.is(200);
    let score = json!({"score": {"total": 85}});
    let title = recorder.step(&format!("{path}/assess"), &title, score).await.is(200);
    let title = recorder.step(&format!("{path}/verify"), &title, json!({})).await.is(200);
    supervisor.get(&path).await.refuses(404, "not_found");

    let reform = staged(&administrator, &list).await;
    let old = reform["areas"].as_array().unwrap();
    assert_eq!(old.len(), list.len());
    let of = |code: &str| old.iter().find(|old| old["area"]["code"] == code).unwrap();
    assert_eq!((&of("12")["becomes"], &of("12")["holders"]), (&json!(["99"]), &json!(1)));
    assert_eq!((&of(&code)["hamlets"], &of("11")["holders"]), (&json!(1), &json!(0)));
    apply(&administrator, &reform).await;

    // The communes stay, under the new province; both old scopes are its own now.
    assert_eq!(stranger.get("/areas/province/99").await.is(200)["full_name"], "Tỉnh Tây Bắc");
    stranger.get("/areas/province/12").await.is(404);
    assert_eq!(supervisor.get("/me").await.is(200)["area"], "99");
    supervisor.get(&path).await.is(200);
    let mut body = decision("3", json!([{"action": "recognise", "records": [record(&title)]}]));
    body["authority"]["area"] = json!("99");
    body["decided_on"] = json!(today());
    approver.post("/decisions", body).await.is(201);
    assert_eq!(rows(&auditor, "depth=province").await, [row("99", "whole", 1)]);
    let then = format!("depth=province&boundaries={}", eve());
    assert_eq!(rows(&auditor, &then).await, [row("12", "whole", 1)]);
    let day = close_day(&app).await;
    let known = format!("depth=province&as_of={day}");
    assert_eq!(rows(&auditor, &known).await, [row("99", "whole", 1)]);
    let problem = undo(&administrator, &reform).await.refuses(409, "built_on");
    assert!(faults(&problem).contains(&("/entries", "built_on")), "{problem:#}");
    register_is_sound(&app).await;
}

#[actix_web::test]
async fn reforms_are_listed_with_their_decree_and_state() {
    let app = TestApp::start().await;
    let administrator = app.user(Role::Administrator, "VN").await;
    let mut sent = Vec::new();
    for name in ["Một", "Hai", "Ba"] {
        sent.push(staged(&administrator, &[format!("commune,13669,,rename,,{name},")]).await);
    }
    apply(&administrator, &sent[1]).await;
    undo(&administrator, &sent[1]).await.is(200);
    apply(&administrator, &sent[2]).await;
    let first = administrator.get("/reforms?limit=2").await.is(200);
    let states: Vec<_> = first["items"].as_array().unwrap().iter().map(|r| &r["state"]).collect();
    assert_eq!(states, ["applied", "undone"]);
    let line = &first["items"][0];
    assert_eq!(
        (&line["id"], &line["decree"]),
        (&sent[2]["id"], &json!("Nghị quyết 99/NQ-UBTVQH16"))
    );
    assert_eq!((&line["effective_on"], &line["day"]), (&json!(today()), &json!(today())));
    let next = first["next"].as_str().expect("a cursor");
    let second = administrator.get(&format!("/reforms?limit=2&cursor={next}")).await.is(200);
    assert_eq!(second["items"].as_array().unwrap().len(), 1);
    assert_eq!((&second["items"][0]["id"], &second["next"]), (&sent[0]["id"], &Value::Null));
    let waiting = administrator.get("/reforms?state=staged").await.is(200);
    assert_eq!(waiting["items"], second["items"]);
    let foreign = administrator.get(&format!("/reforms?state=staged&cursor={next}")).await;
    foreign.refuses(422, "invalid");
    let province = app.user(Role::Administrator, PROVINCE).await;
    province.get("/reforms").await.refuses(403, "country_reforms");
}

/// The merger of the two communes of most tests.
fn merger() -> [String; 2] {
    [
        "commune,13669,13669,whole,phường,Thành Nam Định,37".to_owned(),
        "commune,13684,13669,whole,,,".to_owned(),
    ]
}

#[actix_web::test]
async fn what_is_being_written_into_a_new_area_keeps_its_reform() {
    let app = TestApp::start().await;
    let administrator = app.user(Role::Administrator, "VN").await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let reform = staged(&administrator, &merger()).await;
    apply(&administrator, &reform).await;
    close_day(&app).await;
    // The record is there, its entry not yet: until the lock is gone nobody finishes an entry.
    let mut db = app.db().await;
    db.batch_execute("begin; lock table audit_entries in share mode").await.expect("a lock");
    let writing = family(&recorder, "Trần Văn An");
    let taking_back = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        let undone = undo(&administrator, &reform);
        let freed = async {
            tokio::time::sleep(Duration::from_millis(700)).await;
            db.batch_execute("rollback").await.expect("an end");
        };
        join(undone, freed).await.0
    };
    let (written, undone) = join(writing, taking_back).await;
    let problem = undone.refuses(409, "built_on");
    assert!(faults(&problem).contains(&("/holders", "built_on")), "{problem:#}");
    let path = format!("/holders/{}", written["id"].as_str().unwrap());
    assert_eq!(recorder.get(&path).await.is(200)["area"], COMMUNE);
    register_is_sound(&app).await;
}

#[actix_web::test]
async fn a_server_that_still_knows_what_was_taken_back_writes_nothing_there() {
    let app = TestApp::start().await;
    let other = app.beside().await;
    let administrator = app.user(Role::Administrator, "VN").await;
    app.user(Role::Recorder, COMMUNE).await;
    let recorder = other.log_in("recorder.13669").await;
    let reform = staged(&administrator, &merger()).await;
    apply(&administrator, &reform).await;
    let applied = Areas::load(&mut app.db().await).await.expect("the areas");
    undo(&administrator, &reform).await.is(200);
    // It has just asked how things stand, and does not ask again within the second.
    while !other.shared.places.is_due() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    other.shared.places.keep(applied);
    let body = json!({"kind": "family", "area": COMMUNE, "name": "Trần Văn An"});
    recorder.post("/holders", body.clone()).await.refuses(409, "areas_changed");
    // A second later it knows.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    recorder.post("/holders", body).await.is(201);
    register_is_sound(&app).await;
}
