//! Readings of whole numbers and personal data leave an entry, as changes do.

use uuid::Uuid;

use crate::access::Act;
use crate::areas::AreaId;
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::ledger;
use crate::ledger::audit::{Entity, Fields, Item};

/// Notes in the chain of `area` that personal data of these holders was read; of none, that somebody
/// looked in vain.
pub async fn note_read(
    db: &mut Conn,
    act: &Act,
    area: AreaId,
    action: &'static str,
    holders: &[Uuid],
    what: &str,
) -> Result<()> {
    ledger::write(db, act, action, async |w| {
        w.lock(&[area]).await?;
        let fields = || Fields::new().plain("what", what);
        let mut items: Vec<Item> =
            holders.iter().map(|id| Item::created(Entity::PersonalData, id, fields())).collect();
        if items.is_empty() {
            items.push(Item::created(Entity::PersonalData, "none", fields()));
        }
        w.record_all(area, &items).await
    })
    .await
}
