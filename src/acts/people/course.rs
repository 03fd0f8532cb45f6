//! How a person came through the register: moves, merges, and of whom it is known not to be another.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::print::Sheet;
use crate::acts::duplicates::merge::Merge;
use crate::acts::moves::rows::Move;
use crate::areas::Areas;
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::schema::{merges, moves};
use crate::register::apart::Apart;

/// How a person came through the register.
#[derive(Serialize, ToSchema)]
pub struct Course {
    moves: Vec<MoveMade>,
    merges: Vec<MergeMade>,
    /// The days on which it was found that somebody who looks alike is another person.
    not_another: Vec<NaiveDate>,
}

/// A move from commune to commune.
#[derive(Serialize, ToSchema)]
pub struct MoveMade {
    day: NaiveDate,
    /// The communes' full names of that day.
    from: String,
    to: String,
    taken_back_on: Option<NaiveDate>,
}

/// A record of the person that was made one with another of it.
#[derive(Serialize, ToSchema)]
pub struct MergeMade {
    day: NaiveDate,
    /// Of the record that left.
    code: String,
    undone_on: Option<NaiveDate>,
}

impl Course {
    /// Of the holder with these ids: its own and those merged into it.
    pub async fn of(db: &mut Conn, areas: &Areas, ids: &[Uuid]) -> Result<Self> {
        let moved: Vec<Move> = moves::table
            .filter(moves::holder_id.eq_any(ids))
            .order(moves::id)
            .select(Move::as_select())
            .load(db)
            .await?;
        let merged: Vec<Merge> = merges::table
            .filter(merges::survivor_id.eq_any(ids).or(merges::merged_id.eq_any(ids)))
            .order(merges::id)
            .select(Merge::as_select())
            .load(db)
            .await?;
        let apart = Apart::of(db, ids).await?;
        let name = |area, day| areas.get(area).nearest(day).full_name.clone();
        Ok(Self {
            moves: moved
                .into_iter()
                .map(|made| MoveMade {
                    day: made.day,
                    from: name(made.from_area_id, made.day),
                    to: name(made.to_area_id, made.day),
                    taken_back_on: made.taken_back_on,
                })
                .collect(),
            merges: merged
                .into_iter()
                .map(|made| MergeMade {
                    day: made.day,
                    code: made.merged_code,
                    undone_on: made.undone_on,
                })
                .collect(),
            not_another: apart.into_iter().map(|known| known.day).collect(),
        })
    }

    pub fn print(&self, sheet: &mut Sheet) {
        let on = |day: &NaiveDate| day.format("%d/%m/%Y").to_string();
        let moves = self.moves.iter().map(|made| {
            let back = made.taken_back_on.as_ref().map(|day| format!(", trả lại ngày {}", on(day)));
            let back = back.unwrap_or_default();
            format!("ngày {}: từ {} đến {}{back}", on(&made.day), made.from, made.to)
        });
        let merges = self.merges.iter().map(|made| {
            let undone = made.undone_on.as_ref().map(|day| format!(", tách lại ngày {}", on(day)));
            let undone = undone.unwrap_or_default();
            format!("ngày {}: gộp bản ghi {}{undone}", on(&made.day), made.code)
        });
        let apart = self.not_another.iter().map(|day| {
            format!("ngày {}: xác nhận không phải là một người khác trùng tên", on(day))
        });
        sheet.list(&moves.chain(merges).chain(apart).collect::<Vec<_>>());
    }
}
