//! Every query on hamlets.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::marks;
use crate::access::Act;
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::{Error, OnConstraint, Result, say};
use crate::base::kind::Kind;
use crate::base::schema::{area_scopes, hamlets, holders};
use crate::base::text::search_key;
use crate::base::version::Version;
use crate::ledger::audit::{Entity, Fields, Item};
use crate::ledger::{self, Writer};

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = hamlets)]
pub struct Hamlet {
    pub id: Uuid,
    /// The commune that it was entered under.
    pub area_id: i32,
    pub placed_id: Option<i32>,
    pub hamlet_type: String,
    pub name: String,
    pub search_key: String,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub version: Version,
}

/// The first day of a hamlet that was there before anybody asked: "or earlier, unknown".
pub const UNKNOWN: NaiveDate = NaiveDate::from_ymd_opt(2021, 1, 1).unwrap();

/// What an official says of a hamlet.
#[derive(Debug, Clone)]
pub struct HamletChange {
    pub hamlet_type: String,
    pub name: String,
    /// Specially difficult at all times.
    pub difficult: bool,
    /// The first day, where it is known.
    pub valid_from: Option<NaiveDate>,
}

impl Hamlet {
    /// `Tổ dân phố số 5`: the type stands before a name that does not begin with it.
    pub fn full_name(&self) -> String {
        full_name(&self.hamlet_type, &self.name)
    }

    /// What the trail keeps of it.
    pub fn fields(&self) -> Fields {
        Fields::new()
            .plain("type", &*self.hamlet_type)
            .plain("name", &*self.name)
            .plain("valid_from", self.valid_from.to_string())
    }

    /// All hamlets of a commune and of those it was made of, by name. Those of a split commune are
    /// every successor's until they are placed.
    pub async fn of_commune(db: &mut Conn, commune: AreaId) -> Result<Vec<Self>> {
        let mut found = Self::ever_of_commune(db, commune).await?;
        found.retain(|hamlet| hamlet.valid_to.is_none());
        Ok(found)
    }

    /// The same with those that are no more.
    pub async fn ever_of_commune(db: &mut Conn, commune: AreaId) -> Result<Vec<Self>> {
        let placed = hamlets::placed_id.assume_not_null();
        Ok(hamlets::table
            .filter(hamlets::area_id.eq_any(covered(commune)))
            .filter(hamlets::placed_id.is_null().or(placed.eq_any(covered(commune))))
            .order((hamlets::search_key, hamlets::id))
            .select(Self::as_select())
            .load(db)
            .await?)
    }

    /// All that was entered under a commune and those it was made of.
    pub async fn entered_under(db: &mut Conn, commune: AreaId) -> Result<Vec<Self>> {
        Ok(hamlets::table
            .filter(hamlets::area_id.eq_any(covered(commune)))
            .order((hamlets::search_key, hamlets::id))
            .select(Self::as_select())
            .load(db)
            .await?)
    }

    pub async fn find(db: &mut Conn, id: Uuid) -> Result<Self> {
        Ok(hamlets::table.find(id).select(Self::as_select()).first(db).await?)
    }

    /// One whose records the commune keeps.
    pub async fn in_chain(db: &mut Conn, areas: &Areas, commune: AreaId, id: Uuid) -> Result<Self> {
        let found = Self::find(db, id).await?;
        let keeps = areas.chain(found.area_id, found.placed_id) == commune;
        if keeps { Ok(found) } else { Err(Error::not_found()) }
    }

    /// One that the commune lists: what waits in a split commune is seen by all its successors.
    pub async fn seen_in(db: &mut Conn, areas: &Areas, commune: AreaId, id: Uuid) -> Result<Self> {
        let found = Self::find(db, id).await?;
        let seen = areas.covers(commune, found.placed_id.unwrap_or(found.area_id));
        if seen { Ok(found) } else { Err(Error::not_found()) }
    }

    pub async fn by_ids(db: &Conn, ids: &[Uuid]) -> Result<Vec<Self>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let found = hamlets::table.filter(hamlets::id.eq_any(ids));
        Ok(found.select(Self::as_select()).load(&mut &*db).await?)
    }

    /// Adds hamlets to one commune.
    pub async fn add(
        db: &mut Conn,
        act: &Act,
        commune: AreaId,
        new: &[HamletChange],
    ) -> Result<Vec<Uuid>> {
        ledger::write(db, act, "hamlet.create", async |w| {
            w.lock(&[commune]).await?;
            let version = w.version(commune)?;
            let made: Vec<Self> = new
                .iter()
                .map(|change| Self {
                    id: Uuid::now_v7(),
                    area_id: commune,
                    placed_id: None,
                    hamlet_type: change.hamlet_type.clone(),
                    name: change.name.clone(),
                    search_key: search_key(&full_name(&change.hamlet_type, &change.name)),
                    valid_from: change.valid_from.unwrap_or(UNKNOWN),
                    valid_to: None,
                    version,
                })
                .collect();
            diesel::insert_into(hamlets::table)
                .values(&made)
                .execute(w.db)
                .await
                .on_constraint("hamlets_name_key", taken)?;
            let mut items = Vec::new();
            for (hamlet, change) in made.iter().zip(new) {
                let mut fields = hamlet.fields();
                if change.difficult {
                    let mark = [marks::always(hamlet.valid_from)];
                    marks::store(w.db, hamlet.id, &mark).await?;
                    fields = fields.plain("difficult", marks::told(&mark));
                }
                items.push(Item::created(Entity::Hamlet, hamlet.id, fields));
            }
            w.record_all(commune, &items).await?;
            Ok(made.iter().map(|h| h.id).collect())
        })
        .await
    }
}

#[diesel::dsl::auto_type(no_type_alias)]
fn covered(area: AreaId) -> _ {
    let area: i32 = area;
    area_scopes::table.filter(area_scopes::area_id.eq(area)).select(area_scopes::covered_id)
}

/// A hamlet community is its hamlet: it goes by the same name.
pub async fn rename_community(
    w: &mut Writer<'_>,
    chain: AreaId,
    before: &Hamlet,
    after: &Hamlet,
) -> Result<()> {
    let (old, new) = (before.full_name(), after.full_name());
    if old == new {
        return Ok(());
    }
    let renamed: Option<Uuid> = diesel::update(
        holders::table
            .filter(holders::hamlet_id.eq(after.id).and(holders::kind.eq(Kind::Community))),
    )
    .set((
        holders::name.eq(&new),
        holders::search_key.eq(search_key(&new)),
        holders::version.eq(after.version),
    ))
    .returning(holders::id)
    .get_result(w.db)
    .await
    .optional()?;
    let Some(id) = renamed else { return Ok(()) };
    let (old, new) = (Fields::new().plain("name", old), Fields::new().plain("name", new));
    w.record(chain, Item::changed(Entity::Holder, id, old, new)).await
}

/// The type before a name that does not begin with it.
pub fn full_name(hamlet_type: &str, name: &str) -> String {
    if search_key(name).starts_with(&search_key(hamlet_type)) {
        return name.to_owned();
    }
    let mut chars = hamlet_type.chars();
    let capital: String =
        chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default();
    format!("{capital} {name}")
}

/// 409: a commune has a name once.
pub fn taken() -> Error {
    Error::conflict(
        "name_taken",
        say("Xã đã có thôn, tổ dân phố tên này.", "The commune already has a hamlet of this name."),
    )
}
