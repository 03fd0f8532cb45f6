//! Sums of the daily changes over blocks of days, so that the register of any closed day is the sum
//! of few of them however long it has been kept.
//!
//! Days are numbered. The block of a day holds the changes of as many days up to it as the greatest
//! power of two that divides its number: the last days of a past day are found in at most a dozen
//! blocks, and a day's block is made of smaller ones that are there already.

use std::collections::HashSet;

use chrono::{Days, NaiveDate};
use diesel::prelude::*;
use diesel::sql_types::{Array, Date};
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::rows::{CELL, sums};
use crate::base::db::Conn;
use crate::base::error::{Error, Result};
use crate::base::schema::{closed_days, count_spans};
use crate::base::statement::statement;

/// The day before the first: no register is older.
pub const EPOCH: NaiveDate = NaiveDate::from_ymd_opt(2020, 12, 31).unwrap();

/// The number of a day.
pub fn number(day: NaiveDate) -> i64 {
    (day - EPOCH).num_days().max(0)
}

fn day(number: i64) -> NaiveDate {
    EPOCH + Days::new(number.unsigned_abs())
}

/// The blocks and single days whose sum is the changes after one day, up to another.
#[derive(Debug, Default, PartialEq)]
pub struct Cover {
    pub blocks: Vec<NaiveDate>,
    /// Days that stand in no block yet: after the first of each pair, up to the second.
    pub after: Vec<NaiveDate>,
    pub until: Vec<NaiveDate>,
}

/// Covers the days after `from` up to `to` with the blocks that are there.
pub fn cover(from: i64, to: i64, there: &HashSet<i64>) -> Cover {
    let mut cover = Cover::default();
    let mut at = to;
    while at > from {
        let span = at & -at;
        if at - span >= from && there.contains(&at) {
            cover.blocks.push(day(at));
            at -= span;
            continue;
        }
        match cover.after.last_mut() {
            Some(after) if *after == day(at) => *after = day(at - 1),
            _ => {
                cover.until.push(day(at));
                cover.after.push(day(at - 1));
            }
        }
        at -= 1;
    }
    cover
}

async fn there(db: &mut Conn, until: NaiveDate) -> Result<HashSet<i64>> {
    let days = count_spans::table.filter(count_spans::day.le(until)).select(count_spans::day);
    Ok(days.load::<NaiveDate>(db).await?.into_iter().map(number).collect())
}

/// What is summed up for the register as known at the end of a day.
pub async fn up_to(db: &mut Conn, until: NaiveDate) -> Result<Cover> {
    let there = there(db, until).await?;
    Ok(cover(0, number(until), &there))
}

/// Writes the blocks of closed days that have none yet, each in a transaction of its own.
pub async fn write(db: &mut Conn) -> Result<()> {
    let days: Vec<NaiveDate> = closed_days::table
        .left_join(count_spans::table.on(count_spans::day.eq(closed_days::day)))
        .filter(count_spans::day.is_null())
        .order(closed_days::day)
        .select(closed_days::day)
        .load(db)
        .await?;
    for day in days {
        db.transaction(async |db| write_one(db, day).await).await?;
    }
    Ok(())
}

async fn write_one(db: &mut Conn, until: NaiveDate) -> Result<()> {
    let to = number(until);
    let from = to - (to & -to);
    let cover = cover(from, to, &there(db, until).await?);
    let made = diesel::insert_into(count_spans::table)
        .values((count_spans::day.eq(until), count_spans::after.eq(day(from))))
        .on_conflict_do_nothing()
        .execute(db)
        .await?;
    if made == 0 {
        return Ok(());
    }
    let (kept, summed) = (sums("{}"), sums("sum({})::integer as {}"));
    let any = sums("{} <> 0").replace(", ", " or ");
    statement(format!(
        "insert into count_blocks (until, {CELL}, {kept})
         select $1, {CELL}, {kept} from (
             select {CELL}, {summed} from (
                 select {CELL}, {kept} from count_blocks where until = any($2)
                 union all
                 select {CELL}, {kept}
                 from unnest($3, $4) r (after, until) join count_changes c
                     on c.day > r.after and c.day <= r.until
             ) parts group by {CELL}
         ) whole where {any}"
    ))
    .bind::<Date, _>(until)
    .bind::<Array<Date>, _>(cover.blocks)
    .bind::<Array<Date>, _>(cover.after)
    .bind::<Array<Date>, _>(cover.until)
    .execute(db)
    .await?;
    Ok::<_, Error>(())
}
