//! Access tokens.

use hoctap::access::token::{AuthFailure, issue, verify};
use hoctap::access::{Caller, Role};
use hoctap::base::keys::Keys;
use uuid::Uuid;

#[test]
fn a_token_names_its_caller_to_the_keys_that_made_it() {
    let keys = Keys::generate();
    let caller = Caller {
        id: Uuid::now_v7(),
        name: "recorder.13669".into(),
        role: Role::Recorder,
        area: 7,
        session: Some(Uuid::now_v7()),
        password_temporary: false,
    };
    let token = issue(&keys, &caller).unwrap();
    let (found, _) = verify(&keys, &token).unwrap();
    assert_eq!((found.id, found.role, found.area), (caller.id, caller.role, caller.area));
    assert_eq!(verify(&Keys::generate(), &token).unwrap_err(), AuthFailure::Invalid);
    assert_eq!(verify(&keys, "a.b.c").unwrap_err(), AuthFailure::Invalid);
}
