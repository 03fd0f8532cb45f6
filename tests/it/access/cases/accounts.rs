//! Accounts of people and of services.

use hoctap::access::Role;
use serde_json::{Value, json};

use super::cast::{pick, user};
use super::{ADMINISTRATOR, BOTH, Body, Cast, Success, of, read, write};
use crate::support::PASSWORD;
use crate::support::records::{COMMUNE, NEIGHBOUR};

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
        _ => return None,
    })
}
