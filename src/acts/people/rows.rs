//! Everything the register holds on one person, and who read it.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Date, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Marks;
use crate::access::Caller;
use crate::acts::imports::Row;
use crate::areas::AreaId;
use crate::base::db::Conn;
use crate::base::error::{Error, Result};
use crate::base::keys::Keys;
use crate::base::number::NumberScheme;
use crate::base::schema::{decision_titles, decisions, holder_identifiers, import_rows, imports};
use crate::base::statement::statement;
use crate::base::text::name_key;
use crate::register::decisions::rows::{Decision, Line};
use crate::register::holders::merged::with_merged;
use crate::register::holders::rows::{Holder, Number};

/// The entries that say that somebody read whole numbers or took personal data away; the index
/// `audit_entries_reads` knows the same list.
pub const READS: &str = "'number.look_up', 'personal_data.export', 'export.titles', \
                         'export.holders', 'export.decisions', 'export.audit'";

/// A holder with all that it goes by.
pub struct Person {
    pub holder: Holder,
    /// Its own id and those merged into it.
    pub ids: Vec<Uuid>,
    pub numbers: Vec<Number>,
}

/// A staged row of a list that names the person.
pub struct StagedRow {
    pub import: Uuid,
    pub area: AreaId,
    pub file_name: String,
    pub n: i32,
    pub row: Row,
}

/// One reading of personal data.
#[derive(Debug, Clone, QueryableByName)]
pub struct Read {
    #[diesel(sql_type = Integer)]
    pub area_id: i32,
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
    #[diesel(sql_type = Date)]
    pub day: NaiveDate,
    #[diesel(sql_type = SqlUuid)]
    pub actor_id: Uuid,
    #[diesel(sql_type = Text)]
    pub action: String,
    /// The entry itself: who, in which role.
    #[diesel(sql_type = Text)]
    pub body: String,
    /// Whose data was read, where it was that of some people.
    #[diesel(sql_type = Array<Text>)]
    pub holders: Vec<String>,
    /// What was asked: the first item.
    #[diesel(sql_type = Text)]
    pub item: String,
}

impl Person {
    pub async fn of(db: &mut Conn, keys: &Keys, holder: Holder) -> Result<Self> {
        let ids = with_merged(db, &[holder.id]).await?;
        let sealed: Vec<(NumberScheme, Vec<u8>)> = holder_identifiers::table
            .filter(holder_identifiers::holder_id.eq(holder.id))
            .order(holder_identifiers::scheme)
            .select((holder_identifiers::scheme, holder_identifiers::sealed))
            .load(db)
            .await?;
        let numbers = sealed
            .into_iter()
            .map(|(scheme, sealed)| {
                let plain = keys.open(holder.id.as_bytes(), &sealed).map_err(Error::internal)?;
                Ok((scheme, String::from_utf8(plain).map_err(Error::internal)?))
            })
            .collect::<Result<_>>()?;
        Ok(Self { holder, ids, numbers })
    }

    /// Its lines in decisions, as they stand there.
    pub async fn lines(&self, db: &mut Conn) -> Result<Vec<(Line, Decision)>> {
        Ok(decision_titles::table
            .inner_join(decisions::table.on(decisions::id.eq(decision_titles::decision_id)))
            .filter(decision_titles::holder_id.eq_any(&self.ids))
            .order((decisions::decided_on, decisions::id, decision_titles::n))
            .select((Line::as_select(), Decision::as_select()))
            .load(db)
            .await?)
    }

    /// The rows of lists sent to these communes (or matched to the person anywhere) that name it.
    pub async fn staged(
        &self,
        db: &mut Conn,
        keys: &Keys,
        communes: &[AreaId],
    ) -> Result<Vec<StagedRow>> {
        type Stored = (Uuid, i32, Option<Uuid>, Vec<u8>, i32, String, crate::base::kind::Kind);
        let stored: Vec<Stored> = import_rows::table
            .inner_join(imports::table.on(imports::id.eq(import_rows::import_id)))
            .filter(
                imports::area_id
                    .eq_any(communes)
                    .or(import_rows::holder_id.assume_not_null().eq_any(&self.ids)),
            )
            .order((import_rows::import_id, import_rows::n))
            .select((
                import_rows::import_id,
                import_rows::n,
                import_rows::holder_id,
                import_rows::sealed,
                imports::area_id,
                imports::file_name,
                imports::kind,
            ))
            .load(db)
            .await?;
        let name = name_key(&self.holder.name);
        let mut found = Vec::new();
        for (import, n, meant, sealed, area, file_name, kind) in stored {
            let text = keys.open(import.as_bytes(), &sealed).map_err(Error::internal)?;
            let row: Row = serde_json::from_slice(&text).map_err(Error::internal)?;
            let numbered = row
                .personal_number
                .as_ref()
                .is_some_and(|number| self.numbers.iter().any(|(_, own)| own == number));
            let named = kind == self.holder.kind && name_key(&row.name) == name;
            if meant.is_some_and(|id| self.ids.contains(&id)) || numbered || named {
                found.push(StagedRow { import, area, file_name, n, row });
            }
        }
        Ok(found)
    }

    /// The chains in which anything about the person stands.
    pub async fn chains(&self, db: &mut Conn) -> Result<Vec<AreaId>> {
        #[derive(QueryableByName)]
        struct Chain {
            #[diesel(sql_type = Integer)]
            area_id: i32,
        }
        let found: Vec<Chain> = statement(format!(
            "select distinct i.area_id from unnest($1) h (id) join audit_items i on {ABOUT}"
        ))
        .bind::<Array<Text>, _>(self.texts())
        .load(db)
        .await?;
        Ok(found.into_iter().map(|chain| chain.area_id).collect())
    }

    pub fn texts(&self) -> Vec<String> {
        self.ids.iter().map(Uuid::to_string).collect()
    }

    /// By what free text may name it, under its present and its former names.
    pub fn marks(&self, former: &[String]) -> Marks {
        let own = [self.holder.name.as_str()].into_iter();
        let head = self.holder.details["head"].as_str();
        let names: BTreeSet<&str> =
            own.chain(head).chain(former.iter().map(String::as_str)).collect();
        Marks::new(names, self.numbers.iter().map(|(_, number)| number.as_str()))
    }
}

/// The items on the holders `h`, on their titles and on whom they are not.
pub const ABOUT: &str = "(i.entity = 'holder' and i.entity_id = h.id \
     or i.entity in ('title', 'pair') and i.entity_id > h.id || '/' and i.entity_id < h.id || '0')";

/// One page of the readings in an area, or of one person's data, the latest first.
pub async fn reads(
    db: &mut Conn,
    caller: &Caller,
    area: AreaId,
    holders: Option<&[Uuid]>,
    before: Option<(DateTime<Utc>, i32, i64)>,
    limit: i64,
) -> Result<Vec<Read>> {
    let (at, area_before, seq) = before.unwrap_or((DateTime::<Utc>::MAX_UTC, i32::MAX, i64::MAX));
    let at = at.min(Utc::now() + chrono::Duration::days(365));
    let wanted = holders.map(|ids| ids.iter().map(Uuid::to_string).collect::<Vec<_>>());
    Ok(statement(format!(
        "select e.area_id, e.seq, e.at, e.day, e.actor_id, e.action, e.body, x.holders, x.item
         from audit_entries e,
              lateral (select array_agg(case when i.entity = 'personal_data' and i.entity_id <> 'none'
                                             then i.entity_id end order by i.n)
                              filter (where i.entity = 'personal_data' and i.entity_id <> 'none')
                                  as named,
                              min(i.body) filter (where i.n = 0) as item
                       from audit_items i where i.area_id = e.area_id and i.seq = e.seq) y,
              lateral (select coalesce(y.named, array[]::text[]) as holders,
                              coalesce(y.item, '{{}}') as item) x
         where e.action in ({READS})
           and e.area_id in (select covered_id from area_scopes where area_id = $1)
           and e.area_id in (select covered_id from area_scopes where area_id = $2)
           and ($3 is null or x.holders && $3)
           and (e.at, e.area_id, e.seq) < ($4, $5, $6)
         order by e.at desc, e.area_id desc, e.seq desc limit $7"
    ))
    .bind::<Integer, _>(caller.area)
    .bind::<Integer, _>(area)
    .bind::<Nullable<Array<Text>>, _>(wanted)
    .bind::<Timestamptz, _>(at)
    .bind::<Integer, _>(area_before)
    .bind::<BigInt, _>(seq)
    .bind::<BigInt, _>(limit)
    .load(db)
    .await?)
}
