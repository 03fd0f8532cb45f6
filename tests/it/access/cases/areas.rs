//! What areas and their hamlets become.

use hoctap::access::Role;
use serde_json::{Value, json};

use super::cast::hamlet;
use super::{
    ADMINISTRATOR, Body, Cast, HAMLETS, READERS, RECORDER, SUPERVISOR, Success, because, of, read,
    write,
};
use crate::support::former::Former;

const COUNTRY: &[&str] = &["VN"];
const DIFFICULT: &str = "/areas/commune/13669/difficult";
const CHANGES: &str = "/areas/commune/13669/hamlet-changes";
/// Of Phường Tiên Nội, split between two wards.
const PLACEMENTS: &str = "/areas/commune/13354/placements";
/// The province sees what its split commune left open.
const PLACERS: &[Role] = &[Role::Supervisor, Role::Recorder, Role::Approver, Role::Auditor];

pub async fn success(c: &Cast<'_>, operation: &str) -> Option<Success> {
    Some(match operation {
        "GET /areas/commune/{code}/difficult" => read(Role::ALL, DIFFICULT),
        "PUT /areas/commune/{code}/difficult" => {
            let source = "Nghị định 272/2025/NĐ-CP";
            let period = json!({"valid_from": "2026-01-01", "valid_to": null, "source": source});
            let may = &[Role::Supervisor, Role::Administrator];
            write(may, DIFFICULT, json!({"periods": [period]}))
        }
        "GET /areas/commune/{code}/hamlets/{id}/difficult" => {
            let made = c.recorder().post(HAMLETS, hamlet("xóm Núi")).await.is(201);
            read(READERS, of(&made, &format!("{HAMLETS}/{{id}}/difficult")))
        }
        "PUT /areas/commune/{code}/hamlets/{id}/difficult" => {
            let made = c.recorder().post(HAMLETS, hamlet("xóm Đồi")).await.is(201);
            let period = json!({"valid_from": "2021-06-04", "valid_to": null,
                                "source": "Quyết định 612/QĐ-UBDT"});
            let path = of(&made, &format!("{HAMLETS}/{{id}}/difficult"));
            let may = &[Role::Recorder, Role::Supervisor];
            write(may, path, json!({"periods": [period]})).knowing(made)
        }
        "GET /areas/commune/{code}/hamlet-changes" => read(READERS, CHANGES),
        "POST /areas/commune/{code}/hamlet-changes" => {
            write(RECORDER, CHANGES, c.conversion("thôn Một").await)
        }
        "POST /areas/commune/{code}/hamlet-changes/{id}/undo" => {
            let change = c.conversion("thôn Hai").await;
            let made = c.recorder().post(CHANGES, change).await.is(201);
            let path = format!("{CHANGES}/{}/undo", made["id"].as_str().expect("an id"));
            write(RECORDER, path, because())
        }
        "GET /areas/commune/{code}/placements" => read(PLACERS, PLACEMENTS),
        "GET /areas/commune/{code}/placements/holders" => {
            read(PLACERS, format!("{PLACEMENTS}/holders"))
        }
        "POST /areas/commune/{code}/placements" => {
            let place = c.placement("Đông").await;
            write(SUPERVISOR, PLACEMENTS, place).leaves(&["13354", "13363"])
        }
        "POST /areas/commune/{code}/placements/undo" => {
            let place = c.placement("Tây").await;
            c.at_home(Role::Supervisor).post(PLACEMENTS, place.clone()).await.is(200);
            let back = json!({"hamlets": [place["hamlets"][0]["id"]], "reason": "Nhầm phường"});
            let path = format!("{PLACEMENTS}/undo");
            write(SUPERVISOR, path, back).leaves(&["13354", "13363"])
        }

        "GET /reforms" => read(ADMINISTRATOR, "/reforms"),
        "POST /reforms" => {
            let body = Body::File(reform(1).into());
            Success { body, ..write(ADMINISTRATOR, "/reforms", Value::Null) }.leaves(COUNTRY)
        }
        "GET /reforms/{id}" => read(ADMINISTRATOR, of(&c.reform(2).await, "/reforms/{id}")),
        "POST /reforms/{id}/apply" => {
            let path = of(&c.reform(3).await, "/reforms/{id}/apply");
            Success { body: Body::None, ..write(ADMINISTRATOR, path, Value::Null) }.leaves(COUNTRY)
        }
        "POST /reforms/{id}/undo" => {
            let reform = c.reform(4).await;
            let apply = c
                .at_home(Role::Administrator)
                .call(reqwest::Method::POST, &of(&reform, "/reforms/{id}/apply"));
            apply.send().await.is(200);
            write(ADMINISTRATOR, of(&reform, "/reforms/{id}/undo"), because()).leaves(COUNTRY)
        }
        _ => return None,
    })
}

impl Cast<'_> {
    /// A hamlet of this name, to be converted.
    async fn conversion(&self, name: &str) -> Value {
        let made = self.recorder().post(HAMLETS, hamlet(name)).await.is(201);
        json!({"change": "convert", "effective_on": "2026-03-01", "document": "Nghị quyết 12/NQ",
               "type": "tổ dân phố",
               "hamlets": [{"id": made["id"], "version": made["version"]}]})
    }

    /// A hamlet of the split commune, to be placed.
    async fn placement(&self, name: &str) -> Value {
        let id = Former::open(self.recorder().app, "13354").await.hamlet(name).await;
        json!({"hamlets": [{"id": id, "successor": "13363"}]})
    }

    async fn reform(&self, n: u8) -> Value {
        let call = self.at_home(Role::Administrator).call(reqwest::Method::POST, "/reforms");
        call.bytes(reform(n)).send().await.is(201)
    }
}

/// A commune far from the others gets its `n`th name on the `n`th of a month.
fn reform(n: u8) -> String {
    format!(
        "effective_on,decree,level,old_code,new_code,kind,new_type,new_name,new_parent_code\n\
         2026-11-0{n},Nghị quyết {n}/NQ,commune,01051,,rename,,Tên mới {n},\n"
    )
}
