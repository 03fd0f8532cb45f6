//! Accounts in numbers: a province's list, slips of paper, many at once.

use diesel_async::RunQueryDsl;
use hoctap::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::proof::prove;
use crate::support::records::{COMMUNE, NEIGHBOUR, PROVINCE};
use crate::support::{Answer, Client, TestApp, faults};

async fn send(who: &Client<'_>, form: &str, list: &str) -> Answer {
    who.call(Method::POST, &format!("/users/list?format={form}")).bytes(list).send().await
}

#[actix_web::test]
async fn a_province_makes_the_accounts_of_its_communes_from_a_list() {
    let app = TestApp::start().await;
    let administrator = app.user(Role::Administrator, PROVINCE).await;
    let list = "DANH SÁCH TÀI KHOẢN\n\
                STT,Họ và tên,Vai trò,Mã xã,Tên đăng nhập\n\
                1,Trần Thị Hòa,Nhập liệu,13669,\n\
                2,Lê Văn An,phê duyệt,13669,\n\
                3,Phạm Thị Bích,Nhập liệu,13684,bich.13684\n\
                4,Vũ Văn Cường,Nhập liệu,13669,\n";
    let slips = send(&administrator, "text", list).await;
    assert_eq!(slips.header("cache-control"), "no-store");
    let text = slips.text();
    let after = |label: &str| -> Vec<String> {
        let lines = text.lines().filter_map(|line| line.strip_prefix(label));
        lines.map(str::to_owned).collect()
    };
    let names = after("Tên đăng nhập: ");
    assert_eq!(names, ["recorder.13669", "approver.13669", "bich.13684", "recorder.13669.2"]);
    let passwords = after("Mật khẩu lần đầu: ");

    // Each logs in with the slip, and is asked for a password of its own.
    for (name, password) in names.iter().zip(&passwords) {
        let login = json!({"username": name, "password": password});
        let tokens = app.stranger().post("/auth/login", login).await.is(200);
        assert_eq!(tokens["password_temporary"], true);
    }
    let found = administrator.get("/users?role=recorder").await.is(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 3);

    // All that is wrong, at once; nothing was made.
    let wrong = "Họ và tên,Vai trò,Mã xã,Tên đăng nhập\n\
                 ,Nhập liệu,13669,x1x\n\
                 Lê Văn An,trưởng phòng,13669,\n\
                 Lê Văn Bình,Nhập liệu,00070,\n\
                 Lê Văn Chi,Nhập liệu,13669,bich.13684\n\
                 Lê Văn Dũng,Nhập liệu,13669,Dũng\n";
    let refused = send(&administrator, "text", wrong).await.refuses(422, "invalid");
    assert_eq!(
        faults(&refused),
        [
            ("/rows/2/full_name", "length"),
            ("/rows/3/role", "role_unknown"),
            ("/rows/4/area", "area_not_covered"),
            ("/rows/5/username", "username_taken"),
            ("/rows/6/username", "username_form"),
        ]
    );
    send(&administrator, "html", "a,b\n1,2\n").await.refuses(422, "header_missing");
    let html = send(&administrator, "html", "Họ và tên,Vai trò,Xã\nĐỗ Thị Én,giám sát,37\n").await;
    assert_eq!(html.header("content-type"), "text/html; charset=utf-8");
    assert!(html.text().contains("<code>supervisor.37</code>"));
    prove(&app).await;
}

fn picks(users: &[&Value]) -> Value {
    users.iter().map(|u| json!({"id": u["id"], "version": u["version"]})).collect()
}

#[actix_web::test]
async fn many_accounts_are_disabled_moved_and_given_new_slips_at_once() {
    let app = TestApp::start().await;
    let administrator = app.user(Role::Administrator, PROVINCE).await;
    let one = app.user(Role::Recorder, COMMUNE).await;
    let two = app.user(Role::Recorder, NEIGHBOUR).await;
    let list = administrator.get("/users?role=recorder").await.is(200);
    let (a, b) = (&list["items"][0], &list["items"][1]);
    let me = administrator.get("/me").await.is(200);
    let reason = "Giải thể Hội Khuyến học xã";

    // To the successor of their commune.
    let body = json!({"users": picks(&[a]), "area": NEIGHBOUR, "reason": "Xã cũ chia tách"});
    assert_eq!(administrator.post("/users/transfer", body.clone()).await.is(200)["changed"], 1);
    let refused = administrator.post("/users/transfer", body).await.refuses(409, "users_refused");
    assert_eq!(faults(&refused), [("/users/0", "stale_version")]);
    let moved = administrator.get(&format!("/users/{}", a["id"].as_str().unwrap())).await.is(200);
    assert_eq!(moved["area"], NEIGHBOUR);

    // New slips: the old password is no longer good.
    let body = json!({"users": picks(&[&moved]), "format": "text"});
    let text = administrator.post("/users/slips", body).await.text();
    let password = text.lines().find_map(|l| l.strip_prefix("Mật khẩu lần đầu: ")).unwrap();
    let login = json!({"username": moved["username"], "password": password});
    let tokens = app.stranger().post("/auth/login", login.clone()).await.is(200);
    assert_eq!(tokens["password_temporary"], true);

    // Disabled, all or none, with a reason that the trail keeps.
    let moved = administrator.get(&format!("/users/{}", a["id"].as_str().unwrap())).await.is(200);
    let mut own = picks(&[&moved, b]);
    own.as_array_mut().unwrap().push(json!({"id": me["id"], "version": "1-1"}));
    let body = json!({"users": own, "reason": reason});
    let refused = administrator.post("/users/disable", body).await.refuses(409, "users_refused");
    assert_eq!(faults(&refused), [("/users/2", "own_account")]);
    let body = json!({"users": picks(&[&moved, b]), "reason": reason});
    assert_eq!(administrator.post("/users/disable", body).await.is(200)["changed"], 2);
    app.stranger().post("/auth/login", login).await.is(401);
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    let trail = auditor.get(&format!("/audit?area={NEIGHBOUR}&entity=user")).await.is(200);
    assert_eq!(trail["items"][0]["action"], "user.disable");
    assert_eq!(trail["items"][0]["reason"], reason);
    drop((one, two));
    prove(&app).await;
}

#[actix_web::test]
async fn accounts_of_a_split_commune_wait_for_the_province() {
    let app = TestApp::start().await;
    let administrator = app.user(Role::Administrator, "VN").await;
    app.user(Role::Recorder, COMMUNE).await;
    assert_eq!(administrator.get("/users?unsettled=true").await.is(200)["items"], json!([]));
    // As the reform of 2025 left it: an account of a commune that was divided among several.
    let areas = app.shared.places.now();
    let split = areas
        .all()
        .iter()
        .find(|area| area.settled.is_none() && area.successors.len() > 1)
        .expect("a split commune");
    let mut db = app.db().await;
    diesel::sql_query(format!(
        "update users set area_id = {} where username = 'recorder.13669'",
        split.id
    ))
    .execute(&mut db)
    .await
    .unwrap();
    let waiting = administrator.get("/users?unsettled=true").await.is(200);
    assert_eq!(waiting["items"][0]["username"], "recorder.13669");
    let successor = areas.code(split.successors[0].area, hoctap::base::clock::today()).to_owned();
    let users = picks(&[&waiting["items"][0]]);
    let body = json!({"users": users, "area": successor, "reason": "Xã cũ chia tách"});
    administrator.post("/users/transfer", body).await.is(200);
    assert_eq!(administrator.get("/users?unsettled=true").await.is(200)["items"], json!([]));
    let found = administrator.get("/users?role=recorder").await.is(200);
    assert_eq!(found["items"][0]["area"], successor);
}
