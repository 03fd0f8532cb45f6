//! What the hamlets of a commune are and were called: lists of the next year still know old names.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::rows::{Hamlet, full_name};
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::schema::{former_hamlets, hamlet_changes};

/// A name and the hamlet that stands for it today.
#[derive(Debug, Clone, PartialEq)]
pub struct HamletName {
    /// With its type: `Tổ dân phố số 5`.
    pub full_name: String,
    pub hamlet: Uuid,
    /// The last day of a former name; none for a name of today.
    pub until: Option<NaiveDate>,
}

/// A hamlet as it was called until a change that still holds.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = former_hamlets)]
pub struct FormerHamlet {
    pub hamlet_id: Uuid,
    pub change_id: Uuid,
    pub hamlet_type: String,
    pub name: String,
    pub valid_to: NaiveDate,
    /// The hamlet that stands for it since; none where it was dissolved.
    pub into_id: Option<Uuid>,
}

impl FormerHamlet {
    /// What these hamlets were called, the oldest name first.
    pub async fn of(db: &mut Conn, hamlets: &[Uuid]) -> Result<Vec<Self>> {
        Ok(former_hamlets::table
            .inner_join(hamlet_changes::table)
            .filter(former_hamlets::hamlet_id.eq_any(hamlets))
            .filter(hamlet_changes::undone_on.is_null())
            .order((former_hamlets::valid_to, former_hamlets::change_id))
            .select(Self::as_select())
            .load(db)
            .await?)
    }
}

impl Hamlet {
    /// The hamlets of a commune as they were and were called on a day.
    pub async fn of_commune_on(
        db: &mut Conn,
        areas: &Areas,
        commune: AreaId,
        on: NaiveDate,
    ) -> Result<Vec<Self>> {
        let mut found = if areas.version(commune, areas.on()).is_some() {
            Self::ever_of_commune(db, commune).await?
        } else {
            // A commune of the past had all that was entered under it, wherever that was placed.
            Self::entered_under(db, commune).await?
        };
        found.retain(|h| h.valid_from <= on && h.valid_to.is_none_or(|end| on <= end));
        let ids: Vec<Uuid> = found.iter().map(|hamlet| hamlet.id).collect();
        let former = FormerHamlet::of(db, &ids).await?;
        for hamlet in &mut found {
            let then = former.iter().find(|f| f.hamlet_id == hamlet.id && on <= f.valid_to);
            if let Some(then) = then {
                hamlet.hamlet_type = then.hamlet_type.clone();
                hamlet.name = then.name.clone();
            }
        }
        Ok(found)
    }

    /// The names of the hamlets of a commune: today's first, then former ones, the latest first, each
    /// with the hamlet that stands for it today. A name of today comes before the same name of
    /// another hamlet in the past.
    pub async fn names_of_commune(
        db: &mut Conn,
        areas: &Areas,
        commune: AreaId,
    ) -> Result<Vec<HamletName>> {
        let ever = Self::ever_of_commune(db, commune).await?;
        let ever: Vec<Self> = ever
            .into_iter()
            .filter(|hamlet| areas.chain(hamlet.area_id, hamlet.placed_id) == commune)
            .collect();
        let ids: Vec<Uuid> = ever.iter().map(|hamlet| hamlet.id).collect();
        let former = FormerHamlet::of(db, &ids).await?;
        Ok(names(&ever, &former))
    }
}

fn names(ever: &[Hamlet], former: &[FormerHamlet]) -> Vec<HamletName> {
    // Where a hamlet that is no more went; the last word holds.
    let went: HashMap<Uuid, Option<Uuid>> = former
        .iter()
        .filter(|name| name.into_id != Some(name.hamlet_id))
        .map(|name| (name.hamlet_id, name.into_id))
        .collect();
    let in_force = |id: Uuid| ever.iter().find(|h| h.id == id && h.valid_to.is_none());
    let today = |id: Uuid| {
        let mut at = id;
        // No hamlet goes into one that ended before: the way is as long as there are hamlets at most.
        for _ in 0..=ever.len() {
            if in_force(at).is_some() {
                return Some(at);
            }
            at = (*went.get(&at)?)?;
        }
        None
    };
    let current = ever.iter().filter(|hamlet| hamlet.valid_to.is_none()).map(|hamlet| HamletName {
        full_name: hamlet.full_name(),
        hamlet: hamlet.id,
        until: None,
    });
    let former = former.iter().rev().filter_map(|name| {
        Some(HamletName {
            full_name: full_name(&name.hamlet_type, &name.name),
            hamlet: today(name.hamlet_id)?,
            until: Some(name.valid_to),
        })
    });
    current.chain(former).collect()
}
