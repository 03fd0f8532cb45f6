//! The life of a title, step by step.

use hoctap::auth::Role;

use crate::support::TestApp;
use crate::support::records::{COMMUNE, family, title_at};

#[actix_web::test]
async fn a_title_reaches_every_status_by_its_steps() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    for status in hoctap::kind::Status::ALL {
        let holder = family(&recorder, &format!("Gia đình {status}")).await;
        title_at(&recorder, &approver, &holder, 2026, status.as_str()).await;
    }
}
