//! The history of a holder, as a person would tell it.

use std::collections::BTreeSet;
use std::path::Path;

use hoctap::access::Role;
use hoctap::ledger::audit::actions::deed;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::proof::prove;
use crate::support::records::{COMMUNE, decision, hamlet, holder, record, title_path};

/// The sentences without the moment, which no test knows; the earliest first.
fn told(history: &Value) -> Vec<String> {
    let sentences = history["items"].as_array().unwrap().iter().rev();
    sentences
        .map(|change| {
            let sentence = change["sentence"].as_str().unwrap();
            sentence.split_once(", ").unwrap().1.to_owned()
        })
        .collect()
}

#[actix_web::test]
async fn everything_that_happened_to_a_family_reads_as_sentences() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let place = hamlet(&recorder, COMMUNE, "tổ dân phố", "số 5").await;
    let family = holder(&recorder, "family", COMMUNE, json!({"name": "Trần Bình"})).await;
    let path = format!("/holders/{}", family["id"].as_str().unwrap());
    let change = json!({"name": "Trần Văn Bình", "hamlet": place["id"], "details": {"members": 5}});
    let family = recorder.patch(&path, &family, change).await.is(200);
    recorder.patch(&path, &family, json!({"details": {"members": null}})).await.is(200);
    let title = title_path(&family, 2026);
    let now = recorder.put(&title, json!({})).await.is(200);
    let score = json!({"score": {"total": 85.5}});
    let now = recorder.step(&format!("{title}/assess"), &now, score).await.is(200);
    let reason = json!({"reason": "Thiếu minh chứng."});
    let now = recorder.step(&format!("{title}/return"), &now, reason).await.is(200);
    let now = recorder.step(&format!("{title}/assess"), &now, json!({})).await.is(200);
    let now = recorder
        .step(&format!("{title}/verify"), &now, json!({"score": {"total": 82}}))
        .await
        .is(200);
    let parts = json!([{"action": "recognise", "records": [record(&now)]}]);
    let paper = approver.post("/decisions", decision("15a", parts)).await.is(201);
    let annul = format!("/decisions/{}/annul", paper["id"].as_str().unwrap());
    approver.step(&annul, &paper, json!({"reason": "Ghi nhầm đợt"})).await.is(200);
    let now = recorder.get(&title).await.is(200);
    let reason = json!({"reason": "Gia đình xin rút"});
    recorder.step(&format!("{title}/withdraw"), &now, reason).await.is(200);
    let history = recorder.get(&format!("{path}/history")).await.is(200);
    let who = "Trần Thị Thử (cán bộ nhập liệu) tại Phường Nam Định";
    let approves = "Trần Thị Thử (người phê duyệt) tại Phường Nam Định";
    let object = "danh hiệu Gia đình học tập năm 2026 (cấp xã) của gia đình Trần Văn Bình";
    let expected = [
        format!("{who} ghi vào sổ bộ gia đình Trần Văn Bình: tên “Trần Bình”."),
        format!(
            "{who} sửa thông tin của gia đình Trần Văn Bình: số nhân khẩu 5; thôn, tổ dân phố \
             tổ dân phố số 5; tên từ “Trần Bình” thành “Trần Văn Bình”."
        ),
        format!("{who} sửa thông tin của gia đình Trần Văn Bình: bỏ số nhân khẩu 5."),
        format!("{who} đăng ký {object}: trạng thái “đã đăng ký”."),
        format!(
            "{who} ghi kết quả tự chấm của {object}: kết quả từ chưa rõ thành đạt; điểm tự chấm 85.5; \
             trạng thái từ “đã đăng ký” thành “đã tự chấm”."
        ),
        format!(
            "{who} trả lại {object}: trạng thái từ “đã tự chấm” thành “đã đăng ký”. \
             Lý do: Thiếu minh chứng."
        ),
        format!(
            "{who} ghi kết quả tự chấm của {object}: trạng thái từ “đã đăng ký” thành “đã tự chấm”."
        ),
        format!(
            "{who} thẩm định {object}: trạng thái từ “đã tự chấm” thành “đã thẩm định”; \
             điểm thẩm định 82."
        ),
        format!(
            "{approves} ghi quyết định công nhận {object}: văn bản 15a/QĐ-UBND ngày 20/11/2026; \
             trạng thái từ “đã thẩm định” thành “được công nhận”."
        ),
        format!(
            "{approves} hủy quyết định đối với {object}: bỏ văn bản 15a/QĐ-UBND ngày 20/11/2026; \
             trạng thái từ “được công nhận” thành “đã thẩm định”. Lý do: Ghi nhầm đợt."
        ),
        format!(
            "{who} rút {object}: trạng thái từ “đã thẩm định” thành “đã rút”. Lý do: Gia đình xin rút."
        ),
    ];
    let found = told(&history);
    for (n, sentence) in expected.iter().enumerate() {
        assert_eq!(found.get(n), Some(sentence), "sentence {n}\n{found:#?}");
    }
    assert_eq!(found.len(), expected.len());
    let whole = history["items"][0]["sentence"].as_str().unwrap();
    assert!(whole.starts_with("Lúc ") && whole.contains(" ngày "), "{whole}");
    // The same for somebody who does not read Vietnamese.
    let call =
        recorder.call(Method::GET, &format!("{path}/history")).header("accept-language", "en");
    let english = told(&call.send().await.is(200));
    assert_eq!(
        english[7],
        "Trần Thị Thử (recorder) at Phường Nam Định verified the title learning family of 2026 \
         (commune level) of the family Trần Văn Bình: status from “self assessed” to “verified”; \
         verified score 82."
    );
    // Whoever reads the trail of the commune reads each entry as a whole.
    let auditor = app.user(Role::Auditor, COMMUNE).await;
    let entries = auditor.get("/audit?entity=title&limit=1").await.is(200);
    let summary = entries["items"][0]["summary"].as_str().unwrap();
    let told = "recorder.13669 (cán bộ nhập liệu) tại Phường Nam Định rút đăng ký danh hiệu (1 mục). \
                Lý do: Gia đình xin rút.";
    assert_eq!(summary.split_once(", ").unwrap().1, told);
    prove(&app).await;
}

/// The texts in the sources that look like an action: `noun.verb`.
fn actions_in(dir: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            actions_in(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let quoted = text.split('"').skip(1);
            found.extend(quoted.filter(|text| is_action(text)).map(str::to_owned));
        }
    }
}

fn is_action(text: &str) -> bool {
    let word =
        |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let Some((noun, verb)) = text.split_once('.') else { return false };
    word(noun) && word(verb) && !["json", "log", "pid", "csv"].contains(&verb)
}

#[test]
fn every_action_that_the_product_knows_can_be_said() {
    let mut actions = BTreeSet::new();
    actions_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut actions);
    assert!(actions.len() > 60, "{actions:?}");
    let mute: Vec<&String> = actions.iter().filter(|action| deed(action).is_none()).collect();
    assert_eq!(mute, [] as [&String; 0]);
}
