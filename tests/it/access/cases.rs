//! How every operation of the contract succeeds, and who may use it: one line each, for the sweep.

use hoctap::access::Role;
use serde_json::{Value, json};

use super::areas::area_success;
use crate::support::records::{
    COMMUNE, NEIGHBOUR, PROVINCE, close_day, decision, family, record, title_at, title_path,
};
use crate::support::{Client, PASSWORD, TestApp};

/// A request that succeeds, and what it leaves in the trail.
pub struct Success {
    /// Everybody who may use the operation; the first does.
    pub may: &'static [Role],
    pub path: String,
    pub body: Body,
    /// What is changed, as it was read.
    pub known: Option<Value>,
    /// The chains that get one entry each.
    pub chains: Vec<&'static str>,
    /// Whether the same role may do it in any other area too.
    pub anywhere: bool,
    /// Whether the same request with the same Idempotency-Key leads to the same again.
    pub repeatable: bool,
}

pub enum Body {
    None,
    Json(Value),
    File(Vec<u8>),
}

/// Accounts of every role: at home in the commune, its province or the country, and elsewhere.
pub struct Cast<'a> {
    pub home: Vec<(Role, Client<'a>)>,
    pub elsewhere: Vec<(Role, Client<'a>)>,
    /// The recorder of a commune of the same province.
    neighbour: Client<'a>,
}

use Role::*;
pub const READERS: &[Role] = &[Recorder, Approver, Supervisor, Auditor];
pub const RECORDER: &[Role] = &[Recorder];
pub const SUPERVISOR: &[Role] = &[Supervisor];
const APPROVER: &[Role] = &[Approver];
pub const ADMINISTRATOR: &[Role] = &[Administrator];
const CONTROLLERS: &[Role] = &[Supervisor, Auditor];

/// Operations without a line below, and why.
pub const EXEMPT: &[(&str, &str)] = &[
    ("POST /auth/login", "a stranger's: leaves a session, which is not of the register"),
    ("POST /auth/refresh", "a stranger's: leaves a session"),
    ("POST /auth/token", "a stranger's: leaves nothing"),
    ("POST /auth/logout", "everybody's: ends the session that the sweep needs"),
];

/// The line of an operation, with the records made that it needs.
pub async fn success(c: &Cast<'_>, operation: &str) -> Option<Success> {
    Some(match operation {
        "GET /me" => read(Role::ALL, "/me").anywhere(),
        "POST /me/password" => {
            let new = format!("{PASSWORD} và nữa");
            let body = json!({"current": PASSWORD, "new": new});
            write(Role::ALL, "/me/password", body).anywhere().once()
        }

        "GET /users" => read(ADMINISTRATOR, "/users").anywhere(),
        "POST /users" => write(ADMINISTRATOR, "/users", user("moi.13669")),
        "GET /users/{id}" => read(ADMINISTRATOR, of(&c.user("doc").await, "/users/{id}")),
        "PATCH /users/{id}" => {
            let user = c.user("sua").await;
            let change = json!({"full_name": "Lê Thị Mới"});
            write(ADMINISTRATOR, of(&user, "/users/{id}"), change).knowing(user)
        }
        "POST /users/{id}/reset" => {
            let path = of(&c.user("quen").await, "/users/{id}/reset");
            Success { body: Body::None, ..write(ADMINISTRATOR, path, Value::Null).once() }
        }
        "GET /service-accounts" => read(ADMINISTRATOR, "/service-accounts").anywhere(),
        "POST /service-accounts" => {
            write(ADMINISTRATOR, "/service-accounts", json!({"name": "bảng", "area": COMMUNE}))
        }
        "GET /service-accounts/{id}" => {
            read(ADMINISTRATOR, of(&c.service("đọc").await, "/service-accounts/{id}"))
        }
        "PATCH /service-accounts/{id}" => {
            let account = c.service("khóa").await;
            let path = of(&account, "/service-accounts/{id}");
            write(ADMINISTRATOR, path, json!({"disabled": true})).knowing(account)
        }

        "GET /areas" => public("/areas"),
        "GET /areas/{level}/{code}" => public("/areas/commune/13669"),
        "GET /areas/{level}/{code}/lineage" => public("/areas/commune/13669/lineage"),
        "GET /areas/commune/{code}/hamlets" => read(READERS, HAMLETS),
        "POST /areas/commune/{code}/hamlets" => write(RECORDER, HAMLETS, hamlet("xóm Mới")),
        "PATCH /areas/commune/{code}/hamlets/{id}" => {
            let made = c.recorder().post(HAMLETS, hamlet("xóm Cũ")).await.is(201);
            let path = of(&made, &format!("{HAMLETS}/{{id}}"));
            write(RECORDER, path, json!({"name": "Tân Tiến"})).knowing(made)
        }
        "GET /criteria-sets" => read(Role::ALL, "/criteria-sets").anywhere(),
        "POST /criteria-sets" => {
            write(ADMINISTRATOR, "/criteria-sets", criteria()).leaves(&[PROVINCE])
        }

        "GET /holders" => read(READERS, "/holders").anywhere(),
        "POST /holders" => {
            let body = json!({"kind": "clan", "area": COMMUNE, "name": "Dòng họ Vũ"});
            write(RECORDER, "/holders", body)
        }
        "POST /holders/lookup" => {
            let body = json!({"kind": "citizen", "number": "036085001234"});
            write(RECORDER, "/holders/lookup", body).anywhere().once()
        }
        "GET /holders/{id}" => read(READERS, of(&c.family().await, "/holders/{id}")),
        "GET /holders/{id}/history" => {
            read(READERS, of(&c.family().await, "/holders/{id}/history"))
        }
        "PATCH /holders/{id}" => {
            let holder = c.family().await;
            let path = of(&holder, "/holders/{id}");
            write(RECORDER, path, json!({"name": "Trần Văn Khác"})).knowing(holder)
        }
        "DELETE /holders/{id}" => {
            let holder = c.family().await;
            delete(RECORDER, of(&holder, "/holders/{id}")).knowing(holder)
        }

        "GET /holders/duplicates" => read(READERS, "/holders/duplicates").anywhere(),
        "POST /holders/duplicates/dismissals" => {
            let body = apart(&c.family().await, &c.family().await);
            write(&[Recorder, Supervisor], "/holders/duplicates/dismissals", body)
        }
        "DELETE /holders/duplicates/dismissals/{id}" => {
            let body = apart(&c.family().await, &c.family().await);
            let made = c.recorder().post("/holders/duplicates/dismissals", body).await.is(201);
            let path = of(&made, "/holders/duplicates/dismissals/{id}");
            delete(&[Recorder, Supervisor], path).knowing(made)
        }
        "POST /holders/{id}/merge" => {
            let (survivor, other) = (c.family().await, c.family().await);
            write(RECORDER, of(&survivor, "/holders/{id}/merge"), merge(&other)).knowing(survivor)
        }
        "GET /holders/{id}/merges" => read(READERS, of(&c.family().await, "/holders/{id}/merges")),
        "POST /merges/{id}/undo" => {
            write(RECORDER, of(&c.merged().await, "/merges/{id}/undo"), because())
        }

        "GET /holders/{id}/personal-data" => {
            let path = of(&c.family().await, "/holders/{id}/personal-data");
            read(&[Recorder, Supervisor], path).leaves(&[COMMUNE])
        }
        "POST /holders/{id}/personal-data" => {
            let holder = c.family().await;
            write(&[Supervisor], of(&holder, "/holders/{id}/personal-data"), because())
                .knowing(holder)
        }
        "GET /personal-data/reads" => read(CONTROLLERS, "/personal-data/reads").anywhere(),
        "GET /retention" => read(Role::ALL, "/retention").anywhere(),
        "GET /retention/{class}" => read(Role::ALL, "/retention/sessions").anywhere(),
        "PUT /retention/{class}" => {
            let rule = c.at_home(Administrator).get("/retention/sessions").await.is(200);
            let body = json!({"keep_days": 60, "basis": "QĐ 12/QĐ-UBND"});
            write(ADMINISTRATOR, "/retention/sessions", body).knowing(rule).leaves(&["VN"])
        }

        "POST /users/list" => {
            let list = "Họ và tên,Vai trò,Mã xã\nLê Thị Thử,nhập liệu,13669\n";
            let body = Body::File(list.into());
            Success { body, ..write(ADMINISTRATOR, "/users/list", Value::Null) }.anywhere()
        }
        "POST /users/slips" => {
            let body = json!({"users": [pick(&c.user("slips.13669").await)]});
            write(ADMINISTRATOR, "/users/slips", body).once()
        }
        "POST /users/disable" => {
            let users = [pick(&c.user("disabled.13669").await)];
            let body = json!({"users": users, "reason": "Nghỉ việc"});
            write(ADMINISTRATOR, "/users/disable", body)
        }
        "POST /users/transfer" => {
            let users = [pick(&c.user("moved.13669").await)];
            let body = json!({"users": users, "area": NEIGHBOUR, "reason": "Chuyển công tác"});
            write(ADMINISTRATOR, "/users/transfer", body).leaves(BOTH)
        }

        "GET /moves" => read(READERS, "/moves").anywhere(),
        "POST /moves" => {
            let code = c.neighbours_family().await;
            write(RECORDER, "/moves", json!({"area": COMMUNE, "code": code})).leaves(BOTH)
        }
        "GET /moves/{id}" => read(READERS, of(&c.moved().await, "/moves/{id}")),
        "POST /moves/{id}/take-back" => {
            write(RECORDER, of(&c.moved().await, "/moves/{id}/take-back"), because()).leaves(BOTH)
        }

        "GET /titles" => read(READERS, "/titles").anywhere(),
        "POST /titles/steps" => {
            let title = c.title("registered").await;
            let records = json!([record(&title)]);
            let body = json!({"step": "withdraw", "reason": "Chuyển đi", "records": records});
            write(&[Recorder, Supervisor], "/titles/steps", body)
        }
        "GET /holders/{id}/titles" => read(READERS, of(&c.family().await, "/holders/{id}/titles")),
        "GET /holders/{id}/titles/{year}/{level}" => {
            read(READERS, at(&c.title("registered").await, ""))
        }
        "PUT /holders/{id}/titles/{year}/{level}" => {
            write(RECORDER, title_path(&c.family().await, 2026), json!({}))
        }
        "PATCH /holders/{id}/titles/{year}/{level}" => {
            let title = c.title("registered").await;
            let scores = json!({"own_score": {"total": 81.5}});
            write(RECORDER, at(&title, ""), scores).knowing(title)
        }
        "DELETE /holders/{id}/titles/{year}/{level}" => {
            let title = c.title("registered").await;
            delete(RECORDER, at(&title, "")).knowing(title)
        }
        "POST /holders/{id}/titles/{year}/{level}/assess" => {
            let title = c.title("registered").await;
            let score = json!({"score": {"total": 90}});
            write(RECORDER, at(&title, "/assess"), score).knowing(title)
        }
        "POST /holders/{id}/titles/{year}/{level}/verify" => {
            let title = c.title("self_assessed").await;
            write(RECORDER, at(&title, "/verify"), json!({})).knowing(title)
        }
        "POST /holders/{id}/titles/{year}/{level}/return" => {
            let title = c.title("verified").await;
            write(&[Recorder, Supervisor], at(&title, "/return"), because()).knowing(title)
        }
        "POST /holders/{id}/titles/{year}/{level}/withdraw" => {
            let title = c.title("self_assessed").await;
            write(RECORDER, at(&title, "/withdraw"), because()).knowing(title)
        }
        "POST /holders/{id}/titles/{year}/{level}/reopen" => {
            let title = c.title("withdrawn").await;
            write(RECORDER, at(&title, "/reopen"), because()).knowing(title)
        }
        "POST /holders/{id}/titles/{year}/{level}/correct" => {
            let title = c.title("verified").await;
            let right = json!({"year": 2027, "reason": "Đăng ký nhầm năm"});
            write(&[Recorder, Approver, Supervisor], at(&title, "/correct"), right).knowing(title)
        }

        "GET /decisions" => read(READERS, "/decisions").anywhere(),
        "POST /decisions" => write(APPROVER, "/decisions", c.new_decision("101").await),
        "GET /decisions/{id}" => read(READERS, of(&c.decision("102").await, "/decisions/{id}")),
        "GET /decisions/{id}/titles" => {
            read(READERS, of(&c.decision("103").await, "/decisions/{id}/titles"))
        }
        "GET /decisions/{id}/history" => {
            read(READERS, of(&c.decision("104").await, "/decisions/{id}/history"))
        }
        "POST /decisions/{id}/annul" => {
            let made = c.decision("105").await;
            write(APPROVER, of(&made, "/decisions/{id}/annul"), because()).knowing(made)
        }
        "POST /decisions/{id}/correct" => {
            let made = c.decision("106").await;
            let right = json!({"number": "107", "reason": "Gõ nhầm số"});
            write(APPROVER, of(&made, "/decisions/{id}/correct"), right).knowing(made)
        }

        "GET /imports" => read(READERS, "/imports").anywhere(),
        "GET /imports/template" => read(RECORDER, format!("/imports/template?{LIST}")),
        "POST /imports" => Success {
            body: Body::File(list("Phạm Văn Sáu")),
            ..write(RECORDER, format!("/imports?{LIST}"), Value::Null)
        },
        "GET /imports/{id}" => read(READERS, of(&c.import("Vũ Thị Bảy").await, "/imports/{id}")),
        "GET /imports/{id}/errors" => {
            read(RECORDER, of(&c.import("Vũ Thị Tám").await, "/imports/{id}/errors"))
        }
        "POST /imports/{id}/undo" => {
            let import = c.import("Vũ Thị Mười").await;
            let apply = of(&import, "/imports/{id}/apply");
            c.recorder().post(&apply, json!({"atomic": true})).await.is(200);
            write(RECORDER, of(&import, "/imports/{id}/undo"), json!({"partial": false}))
        }
        "POST /imports/{id}/apply" => {
            let path = of(&c.import("Vũ Thị Chín").await, "/imports/{id}/apply");
            write(RECORDER, path, json!({"atomic": true}))
        }

        "GET /areas/{level}/{code}/totals/{year}" => read(Role::ALL, TOTALS).anywhere(),
        "PUT /areas/{level}/{code}/totals/{year}" => {
            let total = json!({"base": "households", "total": 8500, "source": "Công an phường"});
            write(RECORDER, TOTALS, json!({"totals": [total]}))
        }
        "GET /areas/{level}/{code}/rounds/{year}" => read(Role::ALL, ROUNDS).anywhere(),
        "PUT /areas/{level}/{code}/rounds/{year}" => {
            let round = json!({"kind": "clan", "registration_until": "2030-03-31"});
            write(SUPERVISOR, ROUNDS, json!({"rounds": [round]}))
        }
        "GET /areas/{level}/{code}/overdue" => {
            read(SUPERVISOR, "/areas/commune/13669/overdue?year=2026")
        }
        "GET /areas/{level}/{code}/closings/{year}" => read(Role::ALL, CLOSINGS).anywhere(),
        "PUT /areas/{level}/{code}/closings/{year}" => {
            let closing = json!({"kind": "clan", "state": "nothing_to_report"});
            write(RECORDER, CLOSINGS, json!({"closings": [closing]}))
        }

        "GET /areas/{level}/{code}/reported" => read(Role::ALL, REPORTED).anywhere(),
        "POST /areas/{level}/{code}/reported" => {
            let figure = json!({
                "year": 2025, "kind": "family", "reported_on": "2025-12-31", "recognised": 7000,
                "source": "Báo cáo của phường",
            });
            write(SUPERVISOR, REPORTED, figure)
        }
        "GET /areas/{level}/{code}/targets/{year}" => read(Role::ALL, TARGETS).anywhere(),
        "PUT /areas/{level}/{code}/targets/{year}" => {
            let target = json!({
                "kind": "clan", "base": "clans", "percent": 77.5, "source": "Kế hoạch của phường",
            });
            write(&[Supervisor, Administrator], TARGETS, json!({"targets": [target]}))
        }

        "GET /totals/template" => read(RECORDER, "/totals/template?area=13669"),
        "POST /totals/sheet" => {
            sheet(RECORDER, "/totals/sheet", "Mã địa bàn,Năm,Số hộ,Nguồn\n13669,2027,9000,Công an")
        }
        "GET /reported/template" => read(SUPERVISOR, "/reported/template?area=13669"),
        "POST /reported/sheet" => {
            let head = "Mã địa bàn,Năm,Ngày báo cáo,Danh hiệu,Số công nhận,Nguồn";
            let row = "13669,2024,31/12/2024,Dòng họ học tập,40,Báo cáo";
            sheet(SUPERVISOR, "/reported/sheet", &format!("{head}\n{row}"))
        }
        "GET /targets/template" => {
            read(&[Supervisor, Administrator], "/targets/template?area=13669").anywhere()
        }
        "POST /targets/sheet" => {
            let head = "Mã địa bàn,Năm,Danh hiệu,Tính trên,Chỉ tiêu (%),Nguồn";
            let row = "13669,2030,Gia đình học tập,số hộ gia đình,85,Kế hoạch";
            sheet(&[Supervisor, Administrator], "/targets/sheet", &format!("{head}\n{row}"))
        }

        "GET /statistics" => public("/statistics"),
        "GET /statistics/diff" => {
            let app = c.home[0].1.app;
            let (from, to) = (close_day(app).await, close_day(app).await);
            public(&format!("/statistics/diff?from={from}&to={to}"))
        }
        "GET /statistics/progress" => public("/statistics/progress"),
        "GET /statistics/quality" => read(READERS, "/statistics/quality?area=13669"),
        "GET /statistics/quality/cards" => read(READERS, "/statistics/quality/cards?area=13669"),
        "GET /exports/titles" => export("/exports/titles"),
        "GET /exports/holders" => export("/exports/holders"),
        "GET /exports/statistics" => export("/exports/statistics"),
        "GET /exports/decisions" => export("/exports/decisions"),
        "GET /exports/audit" => {
            Success { may: CONTROLLERS, ..export("/exports/audit") }.leaves(&[PROVINCE])
        }
        "GET /reports/annual" => read(READERS, "/reports/annual?area=37&year=2026").anywhere(),
        "GET /exports/{id}/manifest" => {
            let export = c.recorder().get("/exports/titles").await;
            let path = export.header("link").split(['<', '>']).nth(1).expect("a manifest");
            read(READERS, path)
        }

        "GET /audit" => read(CONTROLLERS, "/audit").anywhere(),
        "GET /audit/verify" => read(CONTROLLERS, "/audit/verify").anywhere(),
        "GET /audit/checkpoints" => public("/audit/checkpoints"),
        "GET /audit/checkpoints/{number}" => {
            c.recorder().app.midnight(1).await;
            public("/audit/checkpoints/1")
        }
        "GET /audit/{id}/proof" => {
            let holder = c.family().await;
            c.recorder().app.midnight(2).await;
            let entry = holder["version"].as_str().expect("a version");
            read(CONTROLLERS, format!("/audit/{entry}/proof"))
        }
        "GET /audit/{id}/items" => {
            let holder = c.family().await;
            let entry = holder["version"].as_str().expect("a version");
            read(CONTROLLERS, format!("/audit/{entry}/items"))
        }
        _ => return area_success(c, operation).await,
    })
}

const BOTH: &[&str] = &[COMMUNE, NEIGHBOUR];
pub const HAMLETS: &str = "/areas/commune/13669/hamlets";
const TOTALS: &str = "/areas/commune/13669/totals/2026";
const REPORTED: &str = "/areas/commune/13669/reported";
const TARGETS: &str = "/areas/commune/13669/targets/2030";
const ROUNDS: &str = "/areas/commune/13669/rounds/2030";
const CLOSINGS: &str = "/areas/commune/13669/closings/2026";
const LIST: &str = "kind=family&area=13669&year=2026";

pub fn read(may: &'static [Role], path: impl Into<String>) -> Success {
    Success { chains: Vec::new(), body: Body::None, ..write(may, path, Value::Null) }
}

fn public(path: &str) -> Success {
    read(Role::ALL, path).anywhere()
}

/// An export is recorded in the chain of whoever takes it away, and holds what that one may read.
fn export(path: &str) -> Success {
    read(READERS, path).anywhere().leaves(&[COMMUNE])
}

/// A row of an area outside the caller's is told as a fault of that row.
fn sheet(may: &'static [Role], path: &str, text: &str) -> Success {
    Success { body: Body::File(text.into()), ..write(may, path, Value::Null).anywhere() }
}

fn delete(may: &'static [Role], path: impl Into<String>) -> Success {
    Success { body: Body::None, ..write(may, path, Value::Null) }
}

/// Leaves one entry in the commune's chain, unless said otherwise.
pub fn write(may: &'static [Role], path: impl Into<String>, body: Value) -> Success {
    Success {
        may,
        path: path.into(),
        body: Body::Json(body),
        known: None,
        chains: vec![COMMUNE],
        anywhere: false,
        repeatable: true,
    }
}

impl Success {
    pub fn knowing(self, known: Value) -> Self {
        Self { known: Some(known), ..self }
    }

    pub fn leaves(self, chains: &[&'static str]) -> Self {
        Self { chains: chains.to_vec(), ..self }
    }

    fn anywhere(self) -> Self {
        Self { anywhere: true, ..self }
    }

    /// For answers that hold a secret which is not kept.
    fn once(self) -> Self {
        Self { repeatable: false, ..self }
    }
}

impl<'a> Cast<'a> {
    pub async fn of(app: &'a TestApp) -> Self {
        let (mut home, mut elsewhere) = (Vec::new(), Vec::new());
        for &role in Role::ALL {
            let (here, there) = match role {
                Recorder | Approver => (COMMUNE, "00070"),
                Administrator => ("VN", "01"),
                Supervisor | Auditor | Viewer => (PROVINCE, "01"),
            };
            home.push((role, app.user(role, here).await));
            elsewhere.push((role, app.user(role, there).await));
        }
        let neighbour = app.user(Recorder, NEIGHBOUR).await;
        Self { home, elsewhere, neighbour }
    }

    pub fn at_home(&self, role: Role) -> &Client<'a> {
        &self.home.iter().find(|(known, _)| *known == role).expect("every role").1
    }

    pub fn recorder(&self) -> &Client<'a> {
        self.at_home(Recorder)
    }

    async fn user(&self, username: &str) -> Value {
        self.at_home(Administrator).post("/users", user(username)).await.is(201)
    }

    async fn service(&self, name: &str) -> Value {
        let body = json!({"name": name, "area": COMMUNE});
        self.at_home(Administrator).post("/service-accounts", body).await.is(201)
    }

    async fn family(&self) -> Value {
        let n = uuid::Uuid::now_v7().simple();
        family(self.recorder(), &format!("Gia đình {n}")).await
    }

    /// Its printed code.
    async fn neighbours_family(&self) -> Value {
        let name = format!("Gia đình {}", uuid::Uuid::now_v7().simple());
        let body = json!({"kind": "family", "area": NEIGHBOUR, "name": name});
        self.neighbour.post("/holders", body).await.is(201)["code"].clone()
    }

    async fn moved(&self) -> Value {
        let claim = json!({"area": COMMUNE, "code": self.neighbours_family().await});
        self.recorder().post("/moves", claim).await.is(201)
    }

    async fn merged(&self) -> Value {
        let (survivor, other) = (self.family().await, self.family().await);
        let path = of(&survivor, "/holders/{id}/merge");
        self.recorder().step(&path, &survivor, merge(&other)).await.is(201)
    }

    async fn title(&self, status: &str) -> Value {
        let holder = self.family().await;
        title_at(self.recorder(), self.at_home(Approver), &holder, 2026, status).await
    }

    async fn new_decision(&self, number: &str) -> Value {
        let title = self.title("verified").await;
        decision(number, json!([{"action": "recognise", "records": [record(&title)]}]))
    }

    async fn decision(&self, number: &str) -> Value {
        let body = self.new_decision(number).await;
        self.at_home(Approver).post("/decisions", body).await.is(201)
    }

    async fn import(&self, name: &str) -> Value {
        let call = self.recorder().call(reqwest::Method::POST, &format!("/imports?{LIST}"));
        call.header("prefer", "wait=20").bytes(list(name)).send().await.is(200)
    }
}

/// The path of a thing with an id.
pub fn of(thing: &Value, path: &str) -> String {
    path.replace("{id}", thing["id"].as_str().expect("an id"))
}

/// The path of a title, or of a step on it.
fn at(title: &Value, step: &str) -> String {
    let id = title["holder_id"].as_str().expect("a holder");
    format!("/holders/{id}/titles/2026/commune{step}")
}

fn user(username: &str) -> Value {
    let full_name = "Lê Thị Thử";
    json!({"username": username, "full_name": full_name, "role": "recorder", "area": COMMUNE})
}

pub fn hamlet(full_name: &str) -> Value {
    let (kind, name) = full_name.split_once(' ').expect("a type and a name");
    json!({"type": kind, "name": name})
}

fn merge(other: &Value) -> Value {
    json!({"other": other["code"], "other_version": other["version"], "reason": "Khai hai lần"})
}

fn apart(one: &Value, other: &Value) -> Value {
    json!({"one": one["code"], "one_version": one["version"], "other": other["code"],
           "other_version": other["version"], "reason": "Hai hộ trùng tên"})
}

fn pick(user: &Value) -> Value {
    json!({"id": user["id"], "version": user["version"]})
}

pub fn because() -> Value {
    json!({"reason": "Thiếu minh chứng"})
}

fn list(name: &str) -> Vec<u8> {
    format!("STT,Họ và tên chủ hộ,Điểm tự chấm\n1,{name},85\n").into_bytes()
}

fn criteria() -> Value {
    json!({
        "area": PROVINCE,
        "kind": "family",
        "level": "commune",
        "scheme": "points",
        "source": "QĐ 12/QĐ-HKH",
        "first_year": 2026,
        "last_year": 2030,
        "confirmed": false,
        "rules": {"threshold": 85},
    })
}
