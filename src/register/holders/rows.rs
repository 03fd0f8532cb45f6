//! Every query on holders and their numbers.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::alike::refuse_alike;
use super::bulk::community_taken;
use super::erased::refuse_erased;
use super::identifiers::{claim, numbers, release_all};
use super::{code, merged};
use crate::access::{Act, Caller};
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::{Error, OnConstraint, Result, say};
use crate::base::keys::Keys;
use crate::base::kind::{Group, Kind};
use crate::base::number::{NumberScheme, masked};
use crate::base::schema::{area_scopes, holder_identifiers, holders, titles};
use crate::base::text::search_key;
use crate::base::version::Version;
use crate::ledger::audit::sentence::Subject;
use crate::ledger::audit::{Entity, Fields, Item};
use crate::ledger::{self, Writer};
use crate::wire::input::{IfMatch, stale};

#[derive(
    Debug, Clone, PartialEq, Serialize, Deserialize, Queryable, Selectable, Insertable, AsChangeset,
)]
#[diesel(table_name = holders, treat_none_as_null = true)]
pub struct Holder {
    pub id: Uuid,
    pub kind: Kind,
    pub area_id: i32,
    pub hamlet_id: Option<Uuid>,
    /// The printed code.
    pub code: String,
    pub name: String,
    pub search_key: String,
    /// Empty where the kind has no groups.
    pub group_code: String,
    pub birth_year: Option<i16>,
    pub family_id: Option<Uuid>,
    pub unit_id: Option<Uuid>,
    pub details: Value,
    pub version: Version,
    /// The last day of a community whose hamlet or commune is no more.
    pub ended_on: Option<NaiveDate>,
}

/// How a holder is named in a path: by its id or its printed code.
#[derive(Debug, Clone, PartialEq)]
pub enum HolderKey {
    Id(Uuid),
    Code(String),
}

/// Which holders a list shows.
#[derive(Debug, Clone, Default)]
pub struct HolderFilter {
    pub kind: Option<Kind>,
    pub area: Option<AreaId>,
    pub hamlet: Option<Uuid>,
    /// Part of a name.
    pub q: Option<String>,
}

/// A number in its checked form.
pub type Number = (NumberScheme, String);

/// What a change does to the number of a holder.
#[derive(Debug, Clone, PartialEq)]
pub enum NumberChange {
    Keep,
    Set(NumberScheme, String),
    Remove,
}

impl HolderKey {
    /// What is neither names nothing: 404.
    pub fn parse(text: &str) -> Result<Self> {
        match text.parse() {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) => code::parse(text).map(Self::Code).ok_or_else(Error::not_found),
        }
    }
}

impl Holder {
    /// A new holder with a fresh code; the caller fills in what its kind knows.
    pub fn new(kind: Kind, area: AreaId, hamlet: Option<Uuid>, name: String) -> Self {
        Self {
            id: Uuid::now_v7(),
            kind,
            area_id: area,
            hamlet_id: hamlet,
            code: code::random(),
            search_key: search_key(&name),
            name,
            group_code: String::new(),
            birth_year: None,
            family_id: None,
            unit_id: None,
            details: Value::Object(Default::default()),
            version: Version::NEVER,
            ended_on: None,
        }
    }

    /// How its history speaks of it; `ids` are its own and those merged into it.
    pub fn subject(&self, ids: &[Uuid]) -> Subject {
        let (vi, en) = self.kind.noun();
        let called = say(format!("{vi} {}", self.name), format!("the {en} {}", self.name));
        let ids = ids.iter().map(Uuid::to_string).collect();
        Subject { entity: "holder", ids, kind: Some(self.kind), called }
    }

    pub fn group(&self) -> Option<Group> {
        Group::parse(&self.group_code)
    }

    /// Names and details of people are personal; those of places and bodies are not.
    pub fn fields(&self, number: Option<&str>) -> Fields {
        let fields = Fields::new()
            .plain("kind", self.kind.as_str())
            .plain("area", self.area_id)
            .plain("hamlet", self.hamlet_id.map(|id| id.to_string()))
            .plain("code", &*self.code)
            .plain("group", &*self.group_code);
        let fields = match self.ended_on {
            Some(day) => fields.plain("ended_on", day.to_string()),
            None => fields,
        };
        if matches!(self.kind, Kind::Community | Kind::Unit) {
            let fields = fields.plain("name", &*self.name).plain("details", self.details.clone());
            return fields.plain("number", number.map(masked));
        }
        fields
            .personal("name", &*self.name)
            .personal("details", self.details.clone())
            .personal("number", number.map(masked))
    }

    /// A holder whose commune the caller's area covers; one that was merged is found as its survivor.
    pub async fn find(db: &mut Conn, caller: &Caller, key: &HolderKey) -> Result<Self> {
        let found = Self::standing(db, caller, key).await?;
        match found {
            Some(holder) => Ok(holder),
            None => {
                let survivor = merged::survivor(db, key).await?.ok_or_else(Error::not_found)?;
                let found = Self::standing(db, caller, &HolderKey::Id(survivor)).await?;
                found.ok_or_else(Error::not_found)
            }
        }
    }

    async fn standing(db: &mut Conn, caller: &Caller, key: &HolderKey) -> Result<Option<Self>> {
        let query = holders::table
            .filter(holders::area_id.eq_any(covered(caller.area)))
            .select(Self::as_select())
            .into_boxed();
        let query = match key {
            HolderKey::Id(id) => query.filter(holders::id.eq(*id)),
            HolderKey::Code(code) => query.filter(holders::code.eq(code.clone())),
        };
        Ok(query.first(db).await.optional()?)
    }

    pub async fn by_ids(db: &mut Conn, ids: &[Uuid]) -> Result<Vec<Self>> {
        let found = holders::table.filter(holders::id.eq_any(ids));
        Ok(found.select(Self::as_select()).load(db).await?)
    }

    /// Makes one holder. A number that is taken answers 409 and says which commune to ask; so does
    /// one that may be in the register already, unless it is known to be new.
    pub async fn create(
        db: &mut Conn,
        act: &Act,
        (keys, areas): (&Keys, &Areas),
        new: &Self,
        number: Option<Number>,
        known_new: bool,
    ) -> Result<Uuid> {
        let chain = areas.chain(new.area_id, None);
        ledger::write(db, act, "holder.create", async |w| {
            w.lock(&[chain]).await?;
            if !known_new {
                refuse_alike(w.db, areas, act.caller.area, new, number.is_some()).await?;
            }
            let made = Self { version: w.version(chain)?, ..new.clone() };
            diesel::insert_into(holders::table)
                .values(&made)
                .execute(w.db)
                .await
                .on_constraint("holders_community_key", community_taken)
                .on_constraint("holders_area_community_key", community_taken)?;
            if let Some((scheme, number)) = &number {
                claim(w, (keys, areas), made.id, *scheme, number).await?;
            }
            let fields = made.fields(number.as_ref().map(|(_, n)| n.as_str()));
            w.record(chain, Item::created(Entity::Holder, made.id, fields)).await?;
            Ok(made.id)
        })
        .await
    }

    /// Stores `after` over the holder that has the caller's version.
    pub async fn change(
        db: &mut Conn,
        act: &Act,
        (keys, areas): (&Keys, &Areas),
        version: IfMatch,
        after: &Self,
        number: NumberChange,
    ) -> Result<()> {
        let chain = areas.chain(after.area_id, None);
        ledger::write(db, act, "holder.change", async |w| {
            w.lock(&[chain]).await?;
            let before = Self::locked(w, after.id, after.version).await?;
            version.check(before.version)?;
            refuse_erased(w.db, &[after.id]).await?;
            let old = numbers(w.db, keys, &[after.id]).await?.remove(&after.id);
            let after = Self { version: w.version(chain)?, ..after.clone() };
            diesel::update(holders::table.find(after.id))
                .set(&after)
                .execute(w.db)
                .await
                .on_constraint("holders_community_key", community_taken)?;
            let new = match &number {
                NumberChange::Keep => old.clone(),
                NumberChange::Remove => {
                    release_all(w, &[after.id]).await?;
                    None
                }
                NumberChange::Set(_, number) if old.as_ref() == Some(number) => old.clone(),
                NumberChange::Set(scheme, number) => {
                    release_all(w, &[after.id]).await?;
                    claim(w, (keys, areas), after.id, *scheme, number).await?;
                    Some(number.clone())
                }
            };
            let (old, new) = (before.fields(old.as_deref()), after.fields(new.as_deref()));
            w.record(chain, Item::changed(Entity::Holder, after.id, old, new)).await
        })
        .await
    }

    /// Deletes a holder that never had a title.
    pub async fn delete(
        db: &mut Conn,
        act: &Act,
        areas: &Areas,
        known: &Self,
        version: IfMatch,
    ) -> Result<()> {
        let chain = areas.chain(known.area_id, None);
        ledger::write(db, act, "holder.delete", async |w| {
            w.lock(&[chain]).await?;
            let before = Self::locked(w, known.id, known.version).await?;
            version.check(before.version)?;
            let held: i64 = titles::table
                .filter(titles::holder_id.eq(known.id))
                .count()
                .get_result(w.db)
                .await?;
            if held > 0 {
                return Err(Error::conflict(
                    "holder_has_titles",
                    say(
                        format!("Đối tượng đã có {held} danh hiệu hoặc đăng ký nên không thể xóa."),
                        format!("The holder has {held} titles and cannot be deleted."),
                    ),
                ));
            }
            let linked = || {
                Error::conflict(
                    "holder_is_linked",
                    say(
                        "Còn công dân thuộc gia đình hoặc đơn vị này.",
                        "Citizens still belong to this family or unit.",
                    ),
                )
            };
            diesel::delete(holders::table.find(known.id))
                .execute(w.db)
                .await
                .on_constraint("holders_family_fkey", linked)
                .on_constraint("holders_unit_fkey", linked)?;
            let item = Item::deleted(Entity::Holder, known.id, before.fields(None));
            w.record(chain, item).await
        })
        .await
    }

    /// These holders, held until the transaction ends; locked in the order of their ids.
    pub async fn hold(w: &mut Writer<'_>, ids: &[Uuid]) -> Result<Vec<Self>> {
        Ok(holders::table
            .filter(holders::id.eq_any(ids))
            .order(holders::id)
            .for_update()
            .select(Self::as_select())
            .load(w.db)
            .await?)
    }

    async fn locked(w: &mut Writer<'_>, id: Uuid, known: Version) -> Result<Self> {
        let holder: Self =
            holders::table.find(id).for_update().select(Self::as_select()).first(w.db).await?;
        if holder.version == known { Ok(holder) } else { Err(stale(holder.version)) }
    }

    /// Holders anywhere in the country with this number.
    pub async fn with_number(db: &mut Conn, keys: &Keys, number: &Number) -> Result<Vec<Self>> {
        let digests = keys.digests(number.0.as_str(), &number.1);
        let digests: Vec<Vec<u8>> = digests.iter().map(|d| d.to_vec()).collect();
        Ok(holders::table
            .inner_join(holder_identifiers::table.on(holder_identifiers::holder_id.eq(holders::id)))
            .filter(holder_identifiers::digest.eq_any(digests))
            .order(holders::id)
            .select(Self::as_select())
            .load(db)
            .await?)
    }
}

/// The areas that a body of `area` answers for, as a subquery.
#[diesel::dsl::auto_type(no_type_alias)]
fn covered(area: AreaId) -> _ {
    let area: i32 = area;
    area_scopes::table.filter(area_scopes::area_id.eq(area)).select(area_scopes::covered_id)
}
