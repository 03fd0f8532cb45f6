//! The README's commands, run as they stand there, one walk after the other on one register.

use std::process::Output;

use crate::support::server::Home;

const README: &str = include_str!("../../../README.md");

/// Runs the shell blocks between two marks of the README, one script, from its folder.
fn walk(home: &Home, from: &str, to: &str) -> Output {
    let (_, rest) = README.split_once(from).expect("where the walk begins");
    let (walk, _) = rest.split_once(to).expect("where it ends");
    let blocks = walk.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    let script: Vec<&str> = blocks.collect();
    assert!(script.len() > 3, "the walk has lost its steps");
    let mut bash = home.command("bash");
    bash.env("HOCTAP", env!("CARGO_BIN_EXE_hoctap"));
    bash.current_dir(env!("CARGO_MANIFEST_DIR")).args(["-eu", "-c", &script.join("\necho\n")]);
    bash.output().expect("bash")
}

/// Where each walk begins and ends, and what it says on the way.
const WALKS: [(&str, &str, &[&str]); 3] = [
    (
        "<!-- walk -->",
        "<!-- end of the walk -->",
        &[
            "\"username\":\"recorder.13669\"",
            "good rows: 52, bad rows: 9",
            "\"reason\":\"Tổng điểm không được quá 100.\"",
            "applied: 60 families",
            "\"verified_score\":{\"total\":88.5}",
            "{\"changed\":60}",
            "\"reference\":\"215/QĐ-UBND\"",
            "\"recognised\":90",
            "\"valid\":true",
        ],
    ),
    (
        "<!-- auditor's walk -->",
        "<!-- end of the auditor's walk -->",
        &[
            "the closed day is the same",
            "the register has moved on",
            "kind=\"family\"",
            "stood in its chain when",
            "the checkpoint stands",
            "\"valid\":true",
            "\"action\":\"title.register\"",
            "\"actor_name\":\"recorder.13669\"",
            "\"registered\",\"by_status\"",
            "\"titles\":{\"registered\":1,\"recognised\":0,\"in_force\":0",
        ],
    ),
    (
        "<!-- story -->",
        "<!-- end of the story -->",
        &[
            "slips: 2\n",
            "register until 2025-03-31, set by 37",
            "112/QĐ-UBND of UBND Thành phố Nam Định",
            "\"code\":\"late_reason_needed\"",
            "late: true",
            "passes",
            "after the decision was annulled: verified",
            "the list: undone, 2 rows taken back",
            "\"code\":\"probable_duplicate\"",
            "why: same_name",
            "left: Phan Đình Phùng",
            "on 30 September: 12 hamlets, today: 11",
            "applied: Phường Vụ Bản\nundone: Xã Vụ Bản",
            "touches 728 holders, 12 hamlets, 2 accounts",
            "placed: 129 titles",
            "still waiting: 907 titles",
            "accounts given a new area: 2",
            "overdue since 2026-02-15",
            "Họ và tên: Mạc Thị Bưởi",
            "read by supervisor.37: personal_data.export",
            "sửa lại danh hiệu Gia đình học tập năm 2025 (cấp xã) của gia đình Phan Đình Phùng: đúng ra là \
         năm 2026, cấp xã. Lý do: Đăng ký nhầm năm.",
            "chains valid: true",
            "cells that differ from the records: 0",
        ],
    ),
];

#[actix_web::test]
async fn the_walks_lead_where_they_say() {
    let home = Home::new();
    let server = home.serve(&["--demo"]);
    for (from, to, wanted) in WALKS {
        let walked = walk(&home, from, to);
        let said = String::from_utf8_lossy(&walked.stdout);
        let wrong = String::from_utf8_lossy(&walked.stderr);
        assert!(walked.status.success(), "{said}\n{wrong}");
        for wanted in wanted {
            assert!(said.contains(wanted), "{wanted} is missing in\n{said}\n{wrong}");
        }
    }
    assert!(server.stop().success());
    // The next start finds the register as the walks left it, with a commune of the demo split.
    let server = home.serve(&["--demo"]);
    assert!(
        server.said.contains("recorder.13966    cán bộ nhập liệu, Xã Nam Giang"),
        "{}",
        server.said
    );
    assert!(server.stop().success());
}
