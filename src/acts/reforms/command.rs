//! A reform from the command line, told as text.

use std::fmt::Write;

use super::rows::Reform;
use super::touched::OldArea;
use crate::access::{Act, Role};
use crate::areas::Areas;
use crate::base::db::Conn;
use crate::base::error::{Error, Result};

/// Stages a file, and applies it if asked to.
pub async fn import(db: &mut Conn, areas: &Areas, file: &str, apply: bool) -> Result<String> {
    let act = Act::of_the_product(areas.country(), Role::Administrator);
    let id = Reform::stage(db, &act, areas, file.as_bytes()).await?;
    let reform = Reform::find(db, id).await?;
    let mut text = format!("{id}  {}  {}\n", reform.effective_on, reform.decree);
    for old in OldArea::of(db, areas, &reform).await? {
        let stands = old.standing;
        writeln!(
            text,
            "{} {} -> {}: {} holders, {} titles, {} hamlets, {} accounts, {} totals",
            areas.code(old.id, reform.eve()),
            areas.name(old.id, reform.eve()),
            old.becomes.join(", "),
            stands.holders,
            stands.titles.values().sum::<i64>(),
            stands.hamlets,
            stands.accounts,
            stands.totals
        )
        .map_err(Error::internal)?;
    }
    if apply {
        Reform::apply(db, &act, id).await?;
        text += "applied\n";
    }
    Ok(text)
}
