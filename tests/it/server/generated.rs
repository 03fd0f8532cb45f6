//! A register that was made up is as sound as one that communes entered.

use hoctap::base::db::snapshot;
use hoctap::ledger::audit;
use hoctap::ledger::proof::{PublicKeys, rows::verify_all};
use hoctap::server::generate;

use crate::support::TestApp;
use crate::support::records::register_is_sound;

const TITLES: u64 = 2_000;

async fn generate(app: &TestApp) -> hoctap::base::error::Result<()> {
    let areas = app.shared.places.now();
    generate::fill(&app.shared.url, &app.shared.keys, &areas, TITLES, 7).await
}

#[actix_web::test]
async fn it_is_sound_and_its_chains_and_checkpoints_verify() {
    let app = TestApp::start().await;
    generate(&app).await.expect("a register");
    register_is_sound(&app).await;
    let public = PublicKeys::read(&app.shared.keys.proof_jwks().to_string()).expect("keys");
    let country = app.shared.places.now().country();
    let mut db = app.db().await;
    let verdict = snapshot(&mut db, async |db| {
        let chains = audit::rows::chains(db, country).await?;
        verify_all(db, &public, &chains).await
    });
    let verdict = verdict.await.expect("a verdict");
    assert!(verdict.valid && verdict.checkpoints == 1, "{verdict:?}");
    assert!(verdict.chains > 1_000, "{verdict:?}");
}
