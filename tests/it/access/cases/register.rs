//! What is kept: places, criteria, holders, titles, decisions, rounds.

use hoctap::access::Role::{self, Approver, Recorder, Supervisor};
use serde_json::json;

use super::cast::{criteria, hamlet};
use super::{
    ADMINISTRATOR, APPROVER, Cast, HAMLETS, READERS, RECORDER, SUPERVISOR, Success, at, because,
    delete, of, public, read, write,
};
use crate::support::records::{COMMUNE, PROVINCE, record, title_path};

const ROUNDS: &str = "/areas/commune/13669/rounds/2030";
const CLOSINGS: &str = "/areas/commune/13669/closings/2026";

/// The line of an operation, with the records made that it needs.
pub async fn success(c: &Cast<'_>, operation: &str) -> Option<Success> {
    Some(match operation {
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
        _ => return None,
    })
}
