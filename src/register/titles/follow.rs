//! Titles that follow their holder to another commune, and back.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rows::Title;
use super::{is_undecided, write};
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::kind::{Level, Status};
use crate::base::schema::{holders, titles};
use crate::ledger::Writer;
use crate::register::criteria::{Outcome, rows as criteria_rows};
use crate::register::holders::rows::Holder;

/// What a move changes of a title, as it was before. Nothing in it is about a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    pub year: i16,
    pub level: Level,
    area: AreaId,
    placed: Option<AreaId>,
    group: String,
    difficult: bool,
    outcome: Outcome,
    grade: String,
    criteria_set: Option<Uuid>,
}

impl Kept {
    pub fn of(title: &Title) -> Self {
        Self {
            year: title.year,
            level: title.level,
            area: title.area_id,
            placed: title.placed_id,
            group: title.group_code.clone(),
            difficult: title.difficult,
            outcome: title.outcome,
            grade: title.grade.clone(),
            criteria_set: title.criteria_set_id,
        }
    }

    /// The area that it belonged to.
    pub fn place(&self) -> AreaId {
        self.placed.unwrap_or(self.area)
    }

    /// The title as it stood before.
    pub fn restore(&self, title: &Title) -> Title {
        Title {
            area_id: self.area,
            placed_id: self.placed,
            group_code: self.group.clone(),
            difficult: self.difficult,
            outcome: self.outcome,
            grade: self.grade.clone(),
            criteria_set_id: self.criteria_set,
            ..title.clone()
        }
    }
}

impl Title {
    /// Every title of these holders, whoever asks.
    pub async fn all_of(db: &mut Conn, holders: &[Uuid]) -> Result<Vec<Self>> {
        Ok(titles::table
            .filter(titles::holder_id.eq_any(holders))
            .order((titles::holder_id, titles::year, titles::level))
            .select(Self::as_select())
            .load(db)
            .await?)
    }

    /// Those that follow their holders when these move. What a split left unplaced stays: only its
    /// province may say where it belongs.
    pub async fn undecided_of(db: &mut Conn, areas: &Areas, holders: &[Uuid]) -> Result<Vec<Self>> {
        let mut found: Vec<Self> = titles::table
            .filter(titles::holder_id.eq_any(holders).and(titles::status.eq_any(undecided())))
            .order((titles::holder_id, titles::year, titles::level))
            .select(Self::as_select())
            .load(db)
            .await?;
        found.retain(|title| areas.settled(title.place()).is_some());
        Ok(found)
    }

    /// Those of a commune, with their holders.
    pub async fn undecided_in(db: &mut Conn, commune: AreaId) -> Result<Vec<(Self, Holder)>> {
        Ok(titles::table
            .inner_join(holders::table)
            .filter(titles::status.eq_any(undecided()))
            .filter(
                titles::placed_id
                    .assume_not_null()
                    .eq(commune)
                    .or(titles::placed_id.is_null().and(titles::area_id.eq(commune))),
            )
            .order((titles::holder_id, titles::year, titles::level))
            .select((Self::as_select(), Holder::as_select()))
            .load(db)
            .await?)
    }

    /// Those of all who live in these hamlets.
    pub async fn undecided_of_hamlets(
        db: &mut Conn,
        hamlets: &[Uuid],
    ) -> Result<Vec<(Self, Holder)>> {
        Ok(titles::table
            .inner_join(holders::table)
            .filter(titles::status.eq_any(undecided()))
            .filter(holders::hamlet_id.eq_any(hamlets))
            .order((titles::holder_id, titles::year, titles::level))
            .select((Self::as_select(), Holder::as_select()))
            .load(db)
            .await?)
    }
}

fn undecided() -> Vec<Status> {
    Status::ALL.iter().copied().filter(|status| is_undecided(*status)).collect()
}

/// Moves titles to another commune, whose criteria and difficulties hold for them from now on. Their
/// chains are locked; `holders` are as the move leaves them.
pub async fn follow(
    w: &mut Writer<'_>,
    areas: &Areas,
    moved: Vec<Title>,
    holders: &[Holder],
    to: AreaId,
) -> Result<()> {
    let sets = criteria_rows::all(w.db).await?;
    let mut after: Vec<(Title, Holder)> = moved
        .iter()
        .filter_map(|title| {
            let holder = holders.iter().find(|holder| holder.id == title.holder_id)?;
            let title = Title { area_id: to, placed_id: None, ..title.clone() };
            Some((title, holder.clone()))
        })
        .collect();
    write::refresh(w.db, &mut after).await?;
    let day = w.day;
    let changes = moved.into_iter().zip(after).map(|(before, (mut after, _))| {
        after.assess(write::set_of(&sets, areas, &after, day));
        (before, after)
    });
    let changes = changes.collect();
    write::save_all(w, areas, changes, false).await
}
