//! Taking a reform back, while nothing was built on it.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Integer, Text};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::ReformState;
use super::rows::{Reform, Touched, begin, move_end};
use crate::access::Act;
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::schema::audit_heads;
use crate::base::statement::statement;
use crate::ledger::{self, Writer};

impl Reform {
    /// The areas stand as before, unless somebody built on the new ones.
    pub async fn undo(db: &mut Conn, act: &Act, id: Uuid, reason: &str) -> Result<()> {
        ledger::write(db, act, "reform.undo", async |w| {
            w.because(reason);
            let known = Areas::load(w.db).await?;
            let reform = Self::find(w.db, id).await?;
            reform.must_be(ReformState::Applied)?;
            let touched = reform.touched()?;
            let old = [&touched.ended[..], &touched.renamed].concat();
            // The chains of the new areas too: what is being written there is waited for, and seen.
            begin(w, &known, &[&old[..], &touched.born].concat()).await?;
            reform.must_be_last(&known, &touched)?;
            must_be_empty(w.db, &touched.born).await?;
            let on = reform.effective_on;
            withdraw(w, &[&touched.born[..], &touched.renamed].concat(), on).await?;
            move_end(w, &old, Some(reform.eve()), None).await?;
            close_chains(w, &touched.born).await?;
            reform.finish(w, &known, ReformState::Undone, None).await
        })
        .await
    }

    /// No other reform changed the same areas since.
    fn must_be_last(&self, known: &Areas, touched: &Touched) -> Result<()> {
        let last = |id: &AreaId| known.get(*id).versions.last();
        let stands = |id: &AreaId| {
            last(id).is_some_and(|v| v.valid_from == self.effective_on && v.valid_to.is_none())
        };
        let ended = |id: &AreaId| last(id).is_some_and(|v| v.valid_to == Some(self.eve()));
        let own: BTreeSet<AreaId> = touched.born.iter().chain(&touched.renamed).copied().collect();
        let mut others = known.all().iter().filter(|area| !own.contains(&area.id));
        let joined = others.any(|area| {
            area.versions.iter().any(|v| v.parent.is_some_and(|p| touched.born.contains(&p)))
        });
        if own.iter().all(stands) && touched.ended.iter().all(ended) && !joined {
            return Ok(());
        }
        Err(Error::conflict(
            "changed_later",
            say(
                "Các địa bàn này đã được thay đổi tiếp; hãy hủy thay đổi sau trước.",
                "The areas were changed again since; take that back first.",
            ),
        ))
    }
}

#[derive(QueryableByName)]
struct Standing {
    #[diesel(sql_type = Text)]
    what: String,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Refuses, by name and number, whatever stands in the new areas or happened there.
async fn must_be_empty(db: &mut Conn, born: &[AreaId]) -> Result<()> {
    let found: Vec<Standing> = statement(
        "select * from (
             select 'holders' as what, count(*) as n from holders where area_id = any($1)
             union all select 'titles', count(*) from titles
                 where area_id = any($1) or placed_id = any($1)
             union all select 'hamlets', count(*) from hamlets
                 where area_id = any($1) or placed_id = any($1)
             union all select 'accounts', (select count(*) from users where area_id = any($1))
                 + (select count(*) from service_accounts where area_id = any($1))
             union all select 'totals', count(*) from area_totals where area_id = any($1)
             union all select 'entries', coalesce(sum(seq), 0)::bigint from audit_heads
                 where area_id = any($1)
         ) found where n > 0",
    )
    .bind::<Array<Integer>, _>(born)
    .load(db)
    .await?;
    if found.is_empty() {
        return Ok(());
    }
    let errors = found.iter().map(|Standing { what, n }| {
        let vi = match &**what {
            "holders" => "đối tượng",
            "titles" => "hồ sơ danh hiệu",
            "hamlets" => "thôn, tổ dân phố",
            "accounts" => "tài khoản",
            "totals" => "tổng số đã nhập",
            _ => "lần thay đổi đã ghi nhật ký",
        };
        let detail = say(format!("Đã có {n} {vi}."), format!("There are {n} {what}."));
        FieldError::new(format!("/{what}"), "built_on", detail)
    });
    Err(Error::conflict(
        "built_on",
        say(
            "Trong địa bàn mới đã có dữ liệu nên không thể hủy.",
            "There are records in the new areas: this cannot be taken back.",
        ),
    )
    .with_errors(errors.collect()))
}

/// Whoever learnt of the new areas before may not write into them after.
async fn close_chains(w: &mut Writer<'_>, born: &[AreaId]) -> Result<()> {
    diesel::update(audit_heads::table.filter(audit_heads::area_id.eq_any(born)))
        .set(audit_heads::closed.eq(true))
        .execute(w.db)
        .await?;
    Ok(())
}

/// What held from the day on is known no more; of what was known of days before, nothing changes.
async fn withdraw(w: &mut Writer<'_>, ids: &[AreaId], on: NaiveDate) -> Result<()> {
    for (table, of, day) in
        [("area_versions", "area_id", "valid_from"), ("area_successions", "new_id", "effective_on")]
    {
        let mine = format!("{of} = any($1) and {day} = $2 and known_to is null");
        for sql in [
            format!("delete from {table} where {mine} and known_from = $3"),
            format!("update {table} set known_to = $3 where {mine}"),
        ] {
            statement(sql)
                .bind::<Array<Integer>, _>(ids)
                .bind::<Date, _>(on)
                .bind::<Date, _>(w.day)
                .execute(w.db)
                .await?;
        }
    }
    Ok(())
}
