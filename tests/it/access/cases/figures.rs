//! What is counted and proved: totals, targets, statistics, exports, the trail.

use hoctap::access::Role::{self, Administrator, Supervisor};
use serde_json::json;

use super::{
    CONTROLLERS, Cast, READERS, RECORDER, SUPERVISOR, Success, export, public, read, sheet, write,
};
use crate::support::records::{PROVINCE, close_day};

const TOTALS: &str = "/areas/commune/13669/totals/2026";
const REPORTED: &str = "/areas/commune/13669/reported";
const TARGETS: &str = "/areas/commune/13669/targets/2030";

/// The line of an operation, with the records made that it needs.
pub async fn success(c: &Cast<'_>, operation: &str) -> Option<Success> {
    Some(match operation {
        "GET /areas/{level}/{code}/totals/{year}" => read(Role::ALL, TOTALS).anywhere(),
        "PUT /areas/{level}/{code}/totals/{year}" => {
            let total = json!({"base": "households", "total": 8500, "source": "Công an phường"});
            write(RECORDER, TOTALS, json!({"totals": [total]}))
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
        _ => return None,
    })
}
