//! Items and their leaves: what the chain keeps and what it hides.

use hoctap::ledger::audit::{Entity, Fields, Item, commitment, leaf};

#[test]
fn an_item_keeps_what_changed_and_hides_what_is_personal() {
    let before = Fields::new().plain("status", "verified").plain("year", 2026);
    let after = Fields::new().plain("status", "recognised").plain("year", 2026);
    let item = Item::changed(Entity::Title, "x", before, after);
    // Objects are written with sorted names.
    assert_eq!(item.body, r#"{"after":{"status":"recognised"},"before":{"status":"verified"}}"#);
    let item = Item::created(
        Entity::Holder,
        "y",
        Fields::new().plain("kind", "family").personal("name", "Nguyễn Văn A"),
    );
    assert!(!item.body.contains("Nguyễn"));
    assert!(item.body.contains(&commitment(&item.values[0].salt, &item.values[0].value)));
}

#[test]
fn leaves_differ_wherever_the_items_do() {
    let same = leaf("title", "ab", "c");
    assert_eq!(same, leaf("title", "ab", "c"));
    assert_ne!(same, leaf("title", "a", "bc"));
    assert_ne!(same, leaf("titlea", "b", "c"));
}
