//! Who acts in the sweep, and what they make for it.

use hoctap::access::Role::{self, Administrator, Approver, Auditor, Recorder, Supervisor, Viewer};
use serde_json::{Value, json};

use super::{LIST, of};
use crate::support::records::{COMMUNE, NEIGHBOUR, PROVINCE, decision, family, record, title_at};
use crate::support::{Client, TestApp};

/// Accounts of every role: at home in the commune, its province or the country, and elsewhere.
pub struct Cast<'a> {
    pub home: Vec<(Role, Client<'a>)>,
    pub elsewhere: Vec<(Role, Client<'a>)>,
    /// The recorder of a commune of the same province.
    neighbour: Client<'a>,
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

    pub async fn user(&self, username: &str) -> Value {
        self.at_home(Administrator).post("/users", user(username)).await.is(201)
    }

    pub async fn service(&self, name: &str) -> Value {
        let body = json!({"name": name, "area": COMMUNE});
        self.at_home(Administrator).post("/service-accounts", body).await.is(201)
    }

    pub async fn family(&self) -> Value {
        let n = uuid::Uuid::now_v7().simple();
        family(self.recorder(), &format!("Gia đình {n}")).await
    }

    /// Its printed code.
    pub async fn neighbours_family(&self) -> Value {
        let name = format!("Gia đình {}", uuid::Uuid::now_v7().simple());
        let body = json!({"kind": "family", "area": NEIGHBOUR, "name": name});
        self.neighbour.post("/holders", body).await.is(201)["code"].clone()
    }

    pub async fn moved(&self) -> Value {
        let claim = json!({"area": COMMUNE, "code": self.neighbours_family().await});
        self.recorder().post("/moves", claim).await.is(201)
    }

    pub async fn merged(&self) -> Value {
        let (survivor, other) = (self.family().await, self.family().await);
        let path = of(&survivor, "/holders/{id}/merge");
        self.recorder().step(&path, &survivor, merge(&other)).await.is(201)
    }

    pub async fn title(&self, status: &str) -> Value {
        let holder = self.family().await;
        title_at(self.recorder(), self.at_home(Approver), &holder, 2026, status).await
    }

    pub async fn new_decision(&self, number: &str) -> Value {
        let title = self.title("verified").await;
        decision(number, json!([{"action": "recognise", "records": [record(&title)]}]))
    }

    pub async fn decision(&self, number: &str) -> Value {
        let body = self.new_decision(number).await;
        self.at_home(Approver).post("/decisions", body).await.is(201)
    }

    pub async fn import(&self, name: &str) -> Value {
        let call = self.recorder().call(reqwest::Method::POST, &format!("/imports?{LIST}"));
        call.header("prefer", "wait=20").bytes(list(name)).send().await.is(200)
    }
}

pub fn user(username: &str) -> Value {
    let full_name = "Lê Thị Thử";
    json!({"username": username, "full_name": full_name, "role": "recorder", "area": COMMUNE})
}

pub fn hamlet(full_name: &str) -> Value {
    let (kind, name) = full_name.split_once(' ').expect("a type and a name");
    json!({"type": kind, "name": name})
}

pub fn merge(other: &Value) -> Value {
    json!({"other": other["code"], "other_version": other["version"], "reason": "Khai hai lần"})
}

pub fn apart(one: &Value, other: &Value) -> Value {
    json!({"one": one["code"], "one_version": one["version"], "other": other["code"],
           "other_version": other["version"], "reason": "Hai hộ trùng tên"})
}

pub fn pick(user: &Value) -> Value {
    json!({"id": user["id"], "version": user["version"]})
}

pub fn list(name: &str) -> Vec<u8> {
    format!("STT,Họ và tên chủ hộ,Điểm tự chấm\n1,{name},85\n").into_bytes()
}

pub fn criteria() -> Value {
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
