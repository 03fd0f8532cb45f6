//! Every query on the time that records are kept.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Class;
use crate::access::{Act, Role};
use crate::acts::people::erase::erase;
use crate::areas::Areas;
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::keys::Keys;
use crate::base::schema::retention_rules;
use crate::base::statement::statement;
use crate::base::version::Version;
use crate::ledger;
use crate::ledger::audit::{Entity, Fields, Item};
use crate::register::holders::rows::Holder;
use crate::wire::input::IfMatch;

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = retention_rules)]
pub struct Rule {
    pub class: Class,
    /// Days; none: kept.
    pub keep_days: Option<i32>,
    /// The legal ground.
    pub basis: String,
    pub version: Version,
}

impl Rule {
    fn fields(&self) -> Fields {
        Fields::new().plain("keep_days", self.keep_days).plain("basis", &*self.basis)
    }

    pub async fn all(db: &mut Conn) -> Result<Vec<Self>> {
        Ok(retention_rules::table
            .order(retention_rules::class)
            .select(Self::as_select())
            .load(db)
            .await?)
    }

    pub async fn find(db: &mut Conn, class: Class) -> Result<Self> {
        Ok(retention_rules::table.find(class).select(Self::as_select()).first(db).await?)
    }

    /// Sets how long a class is kept, in the chain of the country.
    pub async fn set(
        db: &mut Conn,
        act: &Act,
        country: i32,
        version: IfMatch,
        new: &Self,
    ) -> Result<()> {
        ledger::write(db, act, "retention.set", async |w| {
            w.lock(&[country]).await?;
            let before = Self::find(w.db, new.class).await?;
            version.check(before.version)?;
            diesel::update(retention_rules::table.find(new.class))
                .set((
                    retention_rules::keep_days.eq(new.keep_days),
                    retention_rules::basis.eq(&new.basis),
                    retention_rules::version.eq(w.version(country)?),
                ))
                .execute(w.db)
                .await?;
            let item =
                Item::changed(Entity::Retention, new.class.as_str(), before.fields(), new.fields());
            w.record(country, item).await
        })
        .await
    }

    /// How many records of the class are past their time.
    pub async fn preview(&self, db: &mut Conn) -> Result<i64> {
        let Some(days) = self.keep_days else { return Ok(0) };
        let Some((table, expired)) = self.class.expired() else {
            return Ok(untitled(db, days, i64::MAX).await?.len() as i64);
        };
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = BigInt)]
            n: i64,
        }
        let sql = format!("select count(*) as n from {table} where {expired}");
        let count: Count = statement(sql).bind::<Integer, _>(days).get_result(db).await?;
        Ok(count.n)
    }

    /// Removes what is past its time, or erases the people; says how many.
    pub async fn apply(&self, db: &mut Conn, keys: &Keys, areas: &Areas) -> Result<i64> {
        match self.class.expired() {
            Some(_) => self.remove(db).await,
            None => self.erase_people(db, keys, areas).await,
        }
    }

    /// Removes what is past its time; people are not touched here.
    pub async fn remove(&self, db: &mut Conn) -> Result<i64> {
        let (Some(days), Some((table, expired))) = (self.keep_days, self.class.expired()) else {
            return Ok(0);
        };
        let sql = format!("delete from {table} where {expired}");
        let removed = statement(sql).bind::<Integer, _>(days).execute(db).await?;
        Ok(removed as i64)
    }

    async fn erase_people(&self, db: &mut Conn, keys: &Keys, areas: &Areas) -> Result<i64> {
        const BATCH: i64 = 500;
        let Some(days) = self.keep_days else { return Ok(0) };
        let mut erased = 0;
        loop {
            let ids = untitled(db, days, BATCH).await?;
            if ids.is_empty() {
                return Ok(erased);
            }
            for holder in Holder::by_ids(db, &ids).await? {
                let act = Act::of_the_product(holder.area_id, Role::Supervisor);
                erase(db, &act, (keys, areas), &holder, None, &self.basis).await?;
                erased += 1;
            }
        }
    }
}

/// People, families and clans without any title that was not withdrawn, unchanged for so many days.
async fn untitled(db: &mut Conn, days: i32, limit: i64) -> Result<Vec<Uuid>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    // A version is an area and the number of an entry in its chain.
    let found: Vec<Found> = statement(
        "select h.id from holders h
         join audit_entries e on e.area_id = (h.version >> 40)::integer
                             and e.seq = h.version & ((1::bigint << 40) - 1)
         where h.kind in ('family', 'clan', 'citizen')
           and e.at < now() - make_interval(days => $1)
           and not exists (select from erasures x where x.holder_id = h.id)
           and not exists (select from titles t
                           where t.holder_id = h.id and t.status <> 'withdrawn')
         order by h.id limit $2",
    )
    .bind::<Integer, _>(days)
    .bind::<BigInt, _>(limit)
    .load(db)
    .await?;
    Ok(found.into_iter().map(|found| found.id).collect())
}
