//! What happens to it: duplicates, moves, imports, requests of people.

use hoctap::access::Role::{self, Administrator, Recorder, Supervisor};
use serde_json::{Value, json};

use super::cast::{apart, list, merge};
use super::{
    ADMINISTRATOR, BOTH, Body, CONTROLLERS, Cast, LIST, READERS, RECORDER, Success, because,
    delete, of, read, write,
};
use crate::support::records::COMMUNE;

/// The line of an operation, with the records made that it needs.
pub async fn success(c: &Cast<'_>, operation: &str) -> Option<Success> {
    Some(match operation {
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
        "GET /moves" => read(READERS, "/moves").anywhere(),
        "POST /moves" => {
            let code = c.neighbours_family().await;
            write(RECORDER, "/moves", json!({"area": COMMUNE, "code": code})).leaves(BOTH)
        }
        "GET /moves/{id}" => read(READERS, of(&c.moved().await, "/moves/{id}")),
        "POST /moves/{id}/take-back" => {
            write(RECORDER, of(&c.moved().await, "/moves/{id}/take-back"), because()).leaves(BOTH)
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
        _ => return None,
    })
}
