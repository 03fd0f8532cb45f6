//! What keys open, and where they are kept.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use hoctap::base::keys::Keys;

#[test]
fn what_is_sealed_opens_only_in_its_context() {
    let keys = Keys::generate();
    let sealed = keys.seal(b"number", b"036085001234");
    assert_eq!(keys.open(b"number", &sealed).unwrap(), b"036085001234");
    assert!(keys.open(b"name", &sealed).is_err());
    assert!(Keys::generate().open(b"number", &sealed).is_err());
    assert!(keys.open(b"number", &sealed[..10]).is_err());
}

#[test]
fn a_file_of_keys_is_read_again_unless_others_can_read_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.json");
    let made = Keys::load_or_create(&path).unwrap();
    let read = Keys::load_or_create(&path).unwrap();
    assert_eq!(made.check_values(), read.check_values());
    assert!(Keys::create(&path).is_err(), "an existing file is not overwritten");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(Keys::load(&path).is_err());
}
