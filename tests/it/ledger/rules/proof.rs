//! A proof holds, and no forgery of it does.

use chrono::{DateTime, NaiveDate};
use hoctap::base::keys::Keys;
use hoctap::ledger::proof::merkle::{self, Hash};
use hoctap::ledger::proof::{
    Checkpoint, Document, FORMAT, Proof, PublicKeys, Signed, digest, head_leaf,
};

fn checkpoint(root: Hash) -> Checkpoint {
    Checkpoint {
        format: FORMAT,
        number: 1,
        day: NaiveDate::from_ymd_opt(2026, 11, 24).unwrap(),
        at: DateTime::UNIX_EPOCH,
        chains: 3,
        root: hex::encode(root),
        previous: "0".repeat(64),
    }
}

fn entry(seq: i64, previous: &str) -> String {
    serde_json::json!({
        "area": 7, "seq": seq, "day": "2026-11-24", "at": "2026-11-24T03:00:00Z",
        "actor_name": "recorder.13669", "action": "title.verify", "previous": previous,
    })
    .to_string()
}

fn proof(keys: &Keys) -> Proof {
    let first = entry(1, "");
    let second = entry(2, &digest(&first));
    let head = hex::decode(digest(&second)).unwrap();
    let leaves = [head_leaf(3, 1, &[1]), head_leaf(7, 2, &head), head_leaf(9, 1, &[2])];
    let signed = Signed::new(keys, Document::Checkpoint, checkpoint(merkle::root(&leaves)));
    Proof {
        format: FORMAT,
        entry: first,
        following: vec![second],
        index: 1,
        path: merkle::path(&leaves, 1).iter().map(hex::encode).collect(),
        checkpoint: signed.unwrap(),
    }
}

#[test]
fn an_entry_is_proved_by_its_chain_and_the_signed_root() {
    let keys = Keys::generate();
    let public = PublicKeys::read(&keys.proof_jwks().to_string()).unwrap();
    let proof = proof(&keys);
    let (entry, checkpoint) = proof.check(&public).unwrap();
    assert_eq!((entry.area, entry.seq, checkpoint.number), (7, 1, 1));

    let forged: [fn(&mut Proof); 5] = [
        |p| p.entry = p.entry.replace("verify", "revoke"),
        |p| p.following.clear(),
        |p| p.index = 2,
        |p| p.path[0] = "00".repeat(32),
        |p| p.checkpoint.document.day = p.checkpoint.document.day.succ_opt().unwrap(),
    ];
    for (n, forge) in forged.iter().enumerate() {
        let mut forgery = proof.clone();
        forge(&mut forgery);
        assert!(forgery.check(&public).is_err(), "forgery {n}");
    }
    let others = PublicKeys::read(&Keys::generate().proof_jwks().to_string()).unwrap();
    assert!(proof.check(&others).is_err(), "another register's keys");
    let tokens = PublicKeys::read(&keys.jwks().to_string()).unwrap();
    assert!(proof.check(&tokens).is_err(), "keys of tokens prove nothing");
}

#[test]
fn a_document_of_one_kind_is_none_of_another() {
    let keys = Keys::generate();
    let public = PublicKeys::read(&keys.proof_jwks().to_string()).unwrap();
    let signed = Signed::new(&keys, Document::Manifest, checkpoint([0; 32])).unwrap();
    assert!(public.open::<Checkpoint>(Document::Checkpoint, &signed.jws).is_err());
    assert!(public.open::<Checkpoint>(Document::Manifest, &signed.jws).is_ok());
}
