//! Who holds titles: entered, found, corrected, deleted, and what the trail tells of them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hoctap::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::records::{
    COMMUNE, NEIGHBOUR, PROVINCE, family, hamlet, holder, title_at, title_path,
};
use crate::support::{Client, TestApp, faults};

pub(super) fn path(holder: &Value) -> String {
    format!("/holders/{}", holder["id"].as_str().expect("an id"))
}

#[actix_web::test]
async fn holders_of_all_five_kinds_are_entered_with_what_their_kind_knows() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let place = hamlet(&recorder, COMMUNE, "tổ dân phố", "số 5").await;
    let family = holder(
        &recorder,
        "family",
        COMMUNE,
        json!({
            "name": "Trần Văn Bình",
            "hamlet": place["id"],
            "number": "036085001234",
            "details": {"head_birth_year": 1985, "members": 5, "adults": 3, "pupils": 2},
        }),
    )
    .await;
    assert_eq!(family["hamlet_name"], "Tổ dân phố số 5");
    assert_eq!(family["details"]["pupils"], 2);
    let details = json!({"head": "Vũ Đình Khoa", "households": 42, "communes": ["Xã Vụ Bản"]});
    let clan =
        holder(&recorder, "clan", COMMUNE, json!({"name": "Họ Vũ Đình", "details": details})).await;
    assert_eq!(clan["details"]["communes"][0], "Xã Vụ Bản");
    let community = holder(
        &recorder,
        "community",
        COMMUNE,
        json!({"hamlet": place["id"], "details": {"households": 120, "population": 410}}),
    )
    .await;
    assert_eq!(community["name"], "Tổ dân phố số 5", "a community is its hamlet");
    let details = json!({"unit_type": "trường tiểu học", "staff": 31, "educates": true});
    let unit =
        json!({"name": "Trường Tiểu học Trần Nhân Tông", "number": "0600-123", "details": details});
    let unit = holder(&recorder, "unit", COMMUNE, unit).await;
    let citizen = holder(
        &recorder,
        "citizen",
        COMMUNE,
        json!({
            "name": "Trần Thị Mai",
            "group": "officials",
            "number": "036190004321",
            "details": {
                "birth_date": "1990-03-08",
                "sex": "female",
                "family": family["code"],
                "unit": unit["id"],
            },
        }),
    )
    .await;
    assert_eq!(citizen["group"], "officials");
    // Family and unit are kept by their printed codes, however they were named.
    assert_eq!(citizen["details"]["family"], family["code"]);
    assert_eq!(citizen["details"]["unit"], unit["code"]);
    for made in [&family, &clan, &community, &unit, &citizen] {
        let again = recorder.get(&path(made)).await;
        assert!(again.header("etag").contains(made["version"].as_str().unwrap()));
        assert_eq!(again.is(200), *made);
        // The code as somebody types it from a list.
        let code = made["code"].as_str().unwrap().to_lowercase().replace('-', "");
        assert_eq!(recorder.get(&format!("/holders/{code}")).await.is(200), *made);
    }
    let mut slip: Vec<char> = family["code"].as_str().unwrap().chars().collect();
    slip[0] = if slip[0] == '7' { '8' } else { '7' };
    let slip: String = slip.into_iter().collect();
    recorder.get(&format!("/holders/{slip}")).await.refuses(404, "not_found");
}

#[actix_web::test]
async fn what_is_wrong_about_a_holder_is_said_all_at_once() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let wrong = json!({
        "kind": "family",
        "area": COMMUNE,
        "name": "",
        "group": "farmers",
        "number": "12345",
        "details": {"members": 2, "adults": 3},
    });
    let refused = recorder.post("/holders", wrong).await.refuses(422, "invalid");
    assert_eq!(
        faults(&refused),
        [
            ("/group", "group_not_for_kind"),
            ("/name", "length"),
            ("/details/members", "members_fewer_than_parts"),
            ("/number", "number_length"),
        ]
    );
    let table = [
        (
            json!({"kind": "clan", "name": "Họ Lê", "number": "036085001234"}),
            "/number",
            "number_not_for_kind",
        ),
        (
            json!({"kind": "clan", "name": "Họ Lê", "details": {"members": 3}}),
            "/details/members",
            "shape",
        ),
        (
            json!({"kind": "unit", "name": "Trạm Y tế", "number": "!"}),
            "/number",
            "number_organisation",
        ),
        (
            json!({"kind": "citizen", "name": "Lê Na", "number": "036185001234",
                "details": {"sex": "male"}}),
            "/number",
            "number_sex",
        ),
        (
            json!({"kind": "citizen", "name": "Lê Na", "number": "036185001234",
                "details": {"birth_year": 1986}}),
            "/number",
            "number_birth_year",
        ),
        (
            json!({"kind": "citizen", "name": "Lê Na", "number": "036304001234",
                "details": {"birth_year": 1904}}),
            "/number",
            "number_birth_year",
        ),
        (
            json!({"kind": "citizen", "name": "Lê Na", "number": "123456789"}),
            "/number",
            "number_old_card",
        ),
        (
            json!({"kind": "citizen", "name": "Lê Na",
                "details": {"birth_date": "1990-01-01", "birth_year": 1991}}),
            "/details/birth_year",
            "birth_year_differs",
        ),
        (
            json!({"kind": "citizen", "name": "Lê Na", "details": {"birth_date": "2990-01-01"}}),
            "/details/birth_date",
            "birth_date_range",
        ),
        (
            json!({"kind": "citizen", "name": "Lê Na", "details": {"family": "K7M-3QX-9TD"}}),
            "/details/family",
            "holder_unknown",
        ),
        (json!({"kind": "family", "name": "Lê\u{0}Na"}), "/name", "control_character"),
        (json!({"kind": "family", "name": "Lê\tNa"}), "/name", "control_character"),
        (
            json!({"kind": "family", "name": "Lê Na", "details": {"head": "Lê\tNa"}}),
            "/details/head",
            "control_character",
        ),
        (json!({"kind": "family", "name": "Lê Na", "colour": "red"}), "/colour", "shape"),
        (
            json!({"kind": "family", "name": "Lê Na", "hamlet": "0190b5a0-0000-7000-8000-000000000000"}),
            "/hamlet",
            "hamlet_not_of_commune",
        ),
        (json!({"kind": "family", "name": "Lê Na", "area": "99999"}), "/area", "area_unknown"),
        (json!({"kind": "family", "name": "Lê Na", "area": PROVINCE}), "", "area_not_covered"),
    ];
    for (mut body, pointer, code) in table {
        if body.get("area").is_none() {
            body["area"] = json!(COMMUNE);
        }
        let refused = recorder.post("/holders", body.clone()).await;
        if pointer.is_empty() {
            assert_eq!(refused.body["code"], code, "{body}");
        } else {
            assert_eq!(faults(&refused.is(422)), [(pointer, code)], "{body}");
        }
    }
    let sent = "{\"kind\":\"family\",\"area\":\"13669\",\"name\":\"  Nguye\u{302}\u{303}n Va\u{306}n An \"}";
    let call = recorder.call(Method::POST, "/holders").header("content-type", "application/json");
    let made = call.bytes(sent).send().await.is(201);
    assert_eq!(made["name"], "Nguyễn Văn An", "stored in one form, whatever the keyboard sent");
}

#[actix_web::test]
async fn holders_are_listed_by_name_with_filters_and_search() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let neighbour = app.user(Role::Recorder, NEIGHBOUR).await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let place = hamlet(&recorder, COMMUNE, "tổ dân phố", "số 5").await;
    for name in ["Phạm Văn Hoà", "Đỗ Thị Hồng", "Bùi Quang Huy", "Nguyễn Văn Hòa"] {
        family(&recorder, name).await;
    }
    holder(&recorder, "family", COMMUNE, json!({"name": "Cao Bá Đạt", "hamlet": place["id"]}))
        .await;
    holder(&recorder, "clan", COMMUNE, json!({"name": "Họ Đỗ"})).await;
    let body = json!({"kind": "family", "area": NEIGHBOUR, "name": "Đỗ Văn Tám"});
    neighbour.post("/holders", body).await.is(201);
    let names = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap();
        items.iter().map(|holder| holder["name"].as_str().unwrap().to_owned()).collect()
    };
    let table: [(&Client<'_>, &str, &[&str]); 7] = [
        (&recorder, "?kind=clan", &["Họ Đỗ"]),
        (&recorder, "?q=hoa", &["Nguyễn Văn Hòa", "Phạm Văn Hoà"]),
        (&recorder, "?q=V%C4%83n+Ho%C3%A0", &["Nguyễn Văn Hòa", "Phạm Văn Hoà"]),
        (&recorder, "?q=do", &["Họ Đỗ", "Đỗ Thị Hồng"]),
        (&supervisor, "?q=do&kind=family", &["Đỗ Thị Hồng", "Đỗ Văn Tám"]),
        (&supervisor, "?q=do&area=13684", &["Đỗ Văn Tám"]),
        (&supervisor, "?q=do&area=37", &["Họ Đỗ", "Đỗ Thị Hồng", "Đỗ Văn Tám"]),
    ];
    for (client, query, expected) in table {
        let page = client.get(&format!("/holders{query}")).await.is(200);
        assert_eq!(names(&page), expected, "{query}");
    }
    // Of an area that is not the caller's nothing is said, not even that it is empty.
    neighbour.get("/holders?area=13669").await.refuses(403, "area_not_covered");
    neighbour.get("/titles?area=13669").await.refuses(403, "area_not_covered");
    let query = format!("/holders?hamlet={}", place["id"].as_str().unwrap());
    assert_eq!(names(&recorder.get(&query).await.is(200)), ["Cao Bá Đạt"]);
    // Page by page everything comes once, in one order.
    let mut all = Vec::new();
    let mut next = "/holders?limit=2&count=exact".to_owned();
    loop {
        let page = recorder.get(&next).await.is(200);
        assert_eq!(page["count"], 6);
        all.extend(names(&page));
        match page["next"].as_str() {
            Some(cursor) => {
                // It stands in a URL, where nobody's name may.
                let plain = URL_SAFE_NO_PAD.decode(cursor).expect("a cursor");
                let plain = String::from_utf8(plain).expect("text").to_lowercase();
                assert!(!["cao", "nguyen", "pham", "hong"].iter().any(|n| plain.contains(n)));
                next = format!("/holders?limit=2&count=exact&cursor={cursor}");
            }
            None => break,
        }
    }
    assert_eq!(
        all,
        ["Họ Đỗ", "Bùi Quang Huy", "Cao Bá Đạt", "Đỗ Thị Hồng", "Nguyễn Văn Hòa", "Phạm Văn Hoà"]
    );
}

#[actix_web::test]
async fn a_correction_is_a_merge_patch_on_the_version_that_was_read() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let neighbour = app.user(Role::Recorder, NEIGHBOUR).await;
    let details = json!({"head_birth_year": 1985, "members": 4, "adults": 2});
    let also = json!({"name": "Trần Bình", "number": "036085001234", "details": details});
    let family = holder(&recorder, "family", COMMUNE, also).await;
    let at = path(&family);
    let change = json!({"name": "Trần Văn Bình", "details": {"members": 5, "adults": null}});
    let blind = recorder.call(Method::PATCH, &at).json(&change).send().await;
    blind.refuses(428, "if_match_required");
    let changed = recorder.patch(&at, &family, change.clone()).await.is(200);
    assert_eq!(changed["name"], "Trần Văn Bình");
    assert_eq!(changed["details"], json!({"head_birth_year": 1985, "members": 5}));
    assert_ne!(changed["version"], family["version"]);
    assert_eq!(changed["code"], family["code"]);
    let stale = recorder.patch(&at, &family, change.clone()).await;
    assert!(stale.header("etag").contains(changed["version"].as_str().unwrap()));
    stale.refuses(412, "stale_version");
    neighbour.patch(&at, &changed, change).await.refuses(404, "not_found");
    // What is kept is held against what changes.
    let refused =
        recorder.patch(&at, &changed, json!({"details": {"head_birth_year": 1990}})).await;
    assert_eq!(faults(&refused.is(422)), [("/number", "number_birth_year")]);
    let changed = recorder.patch(&at, &changed, json!({"number": null})).await.is(200);
    assert_eq!(changed["number"], Value::Null);
    let change = json!({"number": "036 190 004 321", "details": {"head_birth_year": 1990}});
    let refused = recorder.patch(&at, &changed, change.clone()).await.is(200);
    assert_eq!(refused["number"], "•••••••••321");
    let audit = app.user(Role::Auditor, COMMUNE).await;
    assert_eq!(audit.get("/audit/verify").await.is(200)["valid"], true);
}

#[actix_web::test]
async fn only_a_holder_without_titles_is_deleted() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let kept = family(&recorder, "Trần Văn Bình").await;
    title_at(&recorder, &approver, &kept, 2026, "registered").await;
    recorder.delete(&path(&kept), &kept).await.refuses(409, "holder_has_titles");
    let home = family(&recorder, "Lê Văn Na").await;
    let also =
        json!({"name": "Lê Thị Na", "number": "036190004321", "details": {"family": home["code"]}});
    let citizen = holder(&recorder, "citizen", COMMUNE, also.clone()).await;
    recorder.delete(&path(&home), &home).await.refuses(409, "holder_is_linked");
    recorder.call(Method::DELETE, &path(&citizen)).send().await.refuses(428, "if_match_required");
    approver.delete(&path(&citizen), &citizen).await.refuses(403, "role_not_allowed");
    recorder.delete(&path(&citizen), &citizen).await.is(204);
    recorder.get(&path(&citizen)).await.refuses(404, "not_found");
    recorder.delete(&path(&home), &home).await.is(204);
    // The number is free again.
    holder(&recorder, "citizen", COMMUNE, json!({"name": "Lê Thị Na", "number": "036190004321"}))
        .await;
}

#[actix_web::test]
async fn the_history_of_a_holder_tells_everything_that_happened_to_it() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let made = family(&recorder, "Trần Bình").await;
    let change = json!({"name": "Trần Văn Bình"});
    let made = recorder.patch(&path(&made), &made, change).await.is(200);
    title_at(&recorder, &approver, &made, 2026, "recognised").await;
    let history = recorder.get(&format!("{}/history", path(&made))).await.is(200);
    let actions: Vec<&str> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["entry"]["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions,
        [
            "decision.enter",
            "title.verify",
            "title.assess",
            "title.register",
            "holder.change",
            "holder.create"
        ]
    );
    let renamed = &history["items"][4]["item"];
    assert_eq!(renamed["before"]["name"], "Trần Bình");
    assert_eq!(renamed["after"]["name"], "Trần Văn Bình");
    let neighbour = app.user(Role::Recorder, NEIGHBOUR).await;
    neighbour.get(&format!("{}/history", path(&made))).await.refuses(404, "not_found");
    neighbour.get(&title_path(&made, 2026)).await.refuses(404, "not_found");
}
