//! Holders who look alike and are not one, as somebody has found out. It stands as long as their
//! names, birth years and hamlets do; a move or a merger of hamlets says nothing new of who they are.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::Caller;
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::schema::{area_scopes, dismissed_pairs, holders};
use crate::base::statement::statement;
use crate::base::version::Version;

/// What was known of both, `a` and `b`, when the pair `d` was dismissed; salted with its id, for names
/// can be guessed.
pub const DIGEST: &str = "sha256(convert_to(jsonb_build_array(d.id, a.name, a.birth_year, \
     a.hamlet_id, b.name, b.birth_year, b.hamlet_id)::text, 'UTF8'))";

/// A pair that is no pair; the ids are in order.
#[derive(
    Debug, Clone, Serialize, Deserialize, Queryable, Selectable, Insertable, QueryableByName,
)]
#[diesel(table_name = dismissed_pairs)]
pub struct Apart {
    pub id: Uuid,
    pub one_id: Uuid,
    pub other_id: Uuid,
    pub day: NaiveDate,
    /// Empty until [`renew`] was called.
    pub digest: Vec<u8>,
    pub version: Version,
}

impl Apart {
    pub fn new(pair: (Uuid, Uuid), day: NaiveDate, version: Version) -> Self {
        let (one_id, other_id) = in_order(pair);
        Self { id: Uuid::now_v7(), one_id, other_id, day, digest: Vec::new(), version }
    }

    /// The same of somebody else: `to` in the place of `from`.
    pub fn of_other(&self, from: Uuid, to: Uuid) -> Self {
        let side = |id| if id == from { to } else { id };
        let (one_id, other_id) = in_order((side(self.one_id), side(self.other_id)));
        Self { one_id, other_id, ..self.clone() }
    }

    pub fn pair(&self) -> (Uuid, Uuid) {
        (self.one_id, self.other_id)
    }

    /// One of whom the caller may read both.
    pub async fn find(db: &mut Conn, caller: &Caller, id: Uuid) -> Result<Self> {
        let covered = area_scopes::table
            .filter(area_scopes::area_id.eq(caller.area))
            .select(area_scopes::covered_id);
        let mine = holders::table.filter(holders::area_id.eq_any(covered)).select(holders::id);
        Ok(dismissed_pairs::table
            .find(id)
            .filter(dismissed_pairs::one_id.eq_any(mine))
            .filter(dismissed_pairs::other_id.eq_any(mine))
            .select(Self::as_select())
            .first(db)
            .await?)
    }

    pub async fn by_ids(db: &mut Conn, ids: &[Uuid]) -> Result<Vec<Self>> {
        let these = dismissed_pairs::table.filter(dismissed_pairs::id.eq_any(ids));
        Ok(these.select(Self::as_select()).load(db).await?)
    }

    /// What stands of these holders.
    pub async fn of(db: &mut Conn, holders: &[Uuid]) -> Result<Vec<Self>> {
        Ok(statement(format!(
            "select d.* from dismissed_pairs d
             join holders a on a.id = d.one_id join holders b on b.id = d.other_id
             where (d.one_id = any($1) or d.other_id = any($1)) and d.digest = {DIGEST}
             order by d.id"
        ))
        .bind::<Array<SqlUuid>, _>(holders)
        .load(db)
        .await?)
    }

    /// Stores pairs, as both are now, instead of what was said of them before; where one of both is
    /// gone, nothing.
    pub async fn insert(db: &mut Conn, pairs: &[Self]) -> Result<()> {
        for pair in pairs {
            let held = holders::table.filter(holders::id.eq_any([pair.one_id, pair.other_id]));
            let both: i64 = held.count().get_result(db).await?;
            if both == 2 {
                diesel::insert_into(dismissed_pairs::table)
                    .values(pair)
                    .on_conflict((dismissed_pairs::one_id, dismissed_pairs::other_id))
                    .do_update()
                    .set((
                        dismissed_pairs::id.eq(pair.id),
                        dismissed_pairs::day.eq(pair.day),
                        dismissed_pairs::version.eq(pair.version),
                    ))
                    .execute(db)
                    .await?;
            }
        }
        renew(db, pairs).await
    }

    pub async fn delete(db: &mut Conn, pairs: &[Self]) -> Result<usize> {
        let ids: Vec<Uuid> = pairs.iter().map(|pair| pair.id).collect();
        let these = dismissed_pairs::table.filter(dismissed_pairs::id.eq_any(ids));
        Ok(diesel::delete(these).execute(db).await?)
    }
}

/// Lets pairs that stood stand on, whatever was changed of their holders.
pub async fn renew(db: &mut Conn, pairs: &[Apart]) -> Result<()> {
    statement(format!(
        "update dismissed_pairs d set digest = {DIGEST} from holders a, holders b
         where d.id = any($1) and a.id = d.one_id and b.id = d.other_id"
    ))
    .bind::<Array<SqlUuid>, _>(pairs.iter().map(|pair| pair.id).collect::<Vec<_>>())
    .execute(db)
    .await?;
    Ok(())
}

fn in_order((one, other): (Uuid, Uuid)) -> (Uuid, Uuid) {
    (one.min(other), one.max(other))
}
