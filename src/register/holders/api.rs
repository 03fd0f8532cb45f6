//! Holders on the wire: created, read, listed, patched, deleted, looked up.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, patch, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::Validate;

use super::entry::{check_place, fill, patched};
use super::identifiers;
use super::listing;
use super::reads::note_read;
use super::rows::{Holder, HolderFilter, HolderKey};
use super::{Details, Draft, merged};
use crate::access::allow::{Allow, LookUpNumber, ReadRecords, WriteRecords};
use crate::access::state::State;
use crate::areas::Areas;
use crate::base::clock::today;
use crate::base::db::Db;
use crate::base::error::{Error, Lang, Result};
use crate::base::kind::{Group, Kind};
use crate::base::number::masked;
use crate::base::version::Version;
use crate::ledger::audit::api::{HistoryItem, HistoryQuery, history};
use crate::register::hamlets::rows::Hamlet;
use crate::register::hamlets::writable;
use crate::wire::input::{IfMatch, Json, Query, present};
use crate::wire::paging;
use crate::wire::reply::{Created, Done, Page, Versioned};

/// A holder of titles.
#[derive(Serialize, ToSchema)]
#[schema(as = Holder)]
pub struct HolderBody {
    id: Uuid,
    kind: Kind,
    /// The short code that is printed on every list; its last character is a check.
    #[schema(example = "K7M-3QX-9TD")]
    code: String,
    /// Code of its commune today (of its area, for a community of a larger one).
    #[schema(example = "13669")]
    area: String,
    area_name: String,
    hamlet: Option<Uuid>,
    hamlet_name: Option<String>,
    #[schema(example = "Trần Văn Bình")]
    name: String,
    group: Option<Group>,
    /// Masked: the last three characters.
    #[schema(example = "•••••••••234")]
    number: Option<String>,
    /// What its kind knows.
    #[schema(value_type = Details)]
    details: Value,
    /// The last day of a community whose hamlet or commune is no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_on: Option<NaiveDate>,
    version: Version,
}

impl HolderBody {
    /// The details, by field.
    pub fn details(&self) -> &Value {
        &self.details
    }

    /// What it is and where, with the names that an official reads.
    pub fn printed(&self) -> Vec<(&'static str, String)> {
        let hamlet = self.hamlet_name.clone().unwrap_or_default();
        let group = self.group.map(|group| group.vi().to_owned()).unwrap_or_default();
        vec![
            ("Loại", self.kind.vi().to_owned()),
            ("Mã", self.code.clone()),
            ("Họ và tên", self.name.clone()),
            ("Xã, phường", self.area_name.clone()),
            ("Thôn, tổ dân phố", hamlet),
            ("Nhóm", group),
        ]
    }
}

/// A new holder.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHolder {
    kind: Kind,
    /// Code of the commune; of a larger area for its community.
    #[schema(example = "13669")]
    area: String,
    hamlet: Option<Uuid>,
    /// Of the family's head, the clan, the unit, the person; a community goes by its hamlet or area.
    #[schema(example = "Trần Văn Bình")]
    name: Option<String>,
    group: Option<Group>,
    /// 12 digits of a citizen or a family's head, or the number of an organisation.
    number: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Details>)]
    details: Value,
    /// True when whoever is alike is really somebody else.
    #[serde(default)]
    confirm_new: bool,
}

/// JSON Merge Patch: only what is to change; null removes.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HolderPatch {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Uuid>)]
    pub(super) hamlet: Option<Option<Uuid>>,
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Group>)]
    pub(super) group: Option<Option<Group>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub(super) number: Option<Option<String>>,
    #[schema(value_type = Option<Object>)]
    pub(super) details: Option<Value>,
}

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HolderQuery {
    kind: Option<Kind>,
    /// Code of an area within the caller's.
    #[param(example = "13669")]
    area: Option<String>,
    hamlet: Option<Uuid>,
    /// Part of a name, with or without diacritics.
    #[validate(length(max = 100))]
    q: Option<String>,
    /// `exact` adds the number of all.
    count: Option<Exact>,
    limit: Option<i64>,
    cursor: Option<String>,
}

crate::text_enum! {
    pub enum Exact {
        Exact = "exact",
    }
}

/// A number to look up, in the body so that no address or log holds it.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// `citizen`, `unit`, or `family` for its head.
    kind: Kind,
    #[schema(example = "036085001234")]
    number: String,
}

/// Where a number stands in the register.
#[derive(Serialize, ToSchema)]
pub struct Found {
    /// Code of the commune to ask.
    commune: String,
    commune_name: String,
    /// The holder itself, if it is the caller's to read.
    holder: Option<HolderBody>,
}

impl HolderQuery {
    pub fn filter(&self, areas: &Areas) -> Result<HolderFilter> {
        let area = self.area.as_deref().map(|c| areas.resolve("?area", c, today())).transpose()?;
        Ok(HolderFilter { kind: self.kind, area, hamlet: self.hamlet, q: self.q.clone() })
    }
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(look_up_number)
        .service(list_holders)
        .service(create_holder)
        .service(get_holder)
        .service(change_holder)
        .service(delete_holder)
        .service(get_history);
}

/// List holders: commune by commune, within each by kind and name.
#[utoipa::path(tag = "holders", security(("bearer" = [])), params(HolderQuery))]
#[get("/holders")]
pub async fn list_holders(
    state: Data<State>,
    user: Allow<ReadRecords>,
    query: Query<HolderQuery>,
) -> Result<Page<HolderBody>> {
    let areas = state.areas();
    let limit = paging::limit(query.limit)?;
    let filter = query.filter(&areas)?;
    let filters = (query.kind, &query.area, query.hamlet, &query.q);
    let after = paging::after(&filters, query.cursor.as_deref())?;
    let mut db = state.db().await?;
    let found = listing::page(&mut db, &areas, &user, &filter, after, limit + 1).await?;
    let key = |holder: &Holder| holder.id;
    let (found, next) = paging::cut(found, limit, &filters, key)?;
    let count = match query.count {
        Some(Exact::Exact) => Some(listing::count(&mut db, &areas, &user, &filter).await?),
        None => None,
    };
    Ok(Page { items: bodies(&state, &db, found).await?, next, count })
}

/// Enter a holder.
#[utoipa::path(tag = "holders", security(("bearer" = [])))]
#[post("/holders")]
pub async fn create_holder(
    state: Data<State>,
    user: Allow<WriteRecords>,
    json: Json<NewHolder>,
) -> Result<Created<HolderBody>> {
    let areas = state.areas();
    let act = user.act(&json);
    let new = json.into_inner();
    let area = writable(&areas, &user, areas.resolve("/area", &new.area, today())?)?;
    let mut db = state.db().await?;
    let hamlet = check_place(&areas, &mut db, new.kind, area, new.hamlet).await?;
    let name = match (new.kind, &hamlet) {
        (Kind::Community, Some(hamlet)) => hamlet.full_name(),
        (Kind::Community, None) => areas.get(area).nearest(today()).full_name.clone(),
        _ => new.name.unwrap_or_default(),
    };
    let draft =
        Draft { kind: new.kind, name, group: new.group, number: new.number, details: new.details };
    let checked = draft.check(today())?;
    let mut holder = Holder::new(new.kind, area, new.hamlet, checked.name.clone());
    fill(&mut db, &user, &mut holder, &checked).await?;
    // A community is unique in its place, whatever it is called.
    let known_new = new.confirm_new || new.kind == Kind::Community;
    let tools = (state.keys(), &*areas);
    let id = Holder::create(&mut db, &act, tools, &holder, checked.number, known_new).await?;
    let made = Holder::find(&mut db, &user, &HolderKey::Id(id)).await?;
    Ok(Created {
        location: format!("/api/v1/holders/{id}"),
        version: Some(made.version),
        body: one(&state, &db, made).await?,
    })
}

/// One holder, by id or printed code.
#[utoipa::path(tag = "holders", security(("bearer" = [])), params(("id" = String, Path, example = "K7M-3QX-9TD")))]
#[get("/holders/{id}")]
pub async fn get_holder(
    state: Data<State>,
    user: Allow<ReadRecords>,
    id: Path<String>,
) -> Result<Versioned<HolderBody>> {
    let mut db = state.db().await?;
    let holder = Holder::find(&mut db, &user, &HolderKey::parse(&id)?).await?;
    let version = holder.version;
    Ok(Versioned(one(&state, &db, holder).await?, version))
}

/// Correct a holder. Its commune changes by a move only.
#[utoipa::path(tag = "holders", security(("bearer" = [])), params(("id" = String, Path, example = "K7M-3QX-9TD"), IfMatch))]
#[patch("/holders/{id}")]
pub async fn change_holder(
    state: Data<State>,
    user: Allow<WriteRecords>,
    id: Path<String>,
    version: IfMatch,
    json: Json<HolderPatch>,
) -> Result<Versioned<HolderBody>> {
    let areas = state.areas();
    let mut db = state.db().await?;
    let before = Holder::find(&mut db, &user, &HolderKey::parse(&id)?).await?;
    let area = writable(&areas, &user, before.area_id)?;
    version.check(before.version)?;
    let (after, number) = patched(&state, &mut db, &user, area, &before, json.into_inner()).await?;
    let tools = (state.keys(), &*areas);
    Holder::change(&mut db, &user.plain(), tools, version, &after, number).await?;
    let after = Holder::find(&mut db, &user, &HolderKey::Id(before.id)).await?;
    let version = after.version;
    Ok(Versioned(one(&state, &db, after).await?, version))
}

/// Delete a holder that has no titles.
#[utoipa::path(tag = "holders", security(("bearer" = [])), params(("id" = String, Path, example = "K7M-3QX-9TD"), IfMatch))]
#[delete("/holders/{id}")]
pub async fn delete_holder(
    state: Data<State>,
    user: Allow<WriteRecords>,
    id: Path<String>,
    version: IfMatch,
) -> Result<Done> {
    let areas = state.areas();
    let mut db = state.db().await?;
    let holder = Holder::find(&mut db, &user, &HolderKey::parse(&id)?).await?;
    writable(&areas, &user, holder.area_id)?;
    version.check(holder.version)?;
    Holder::delete(&mut db, &user.plain(), &areas, &holder, version).await?;
    Ok(Done)
}

/// What was recorded of a holder and its titles, the newest first.
#[utoipa::path(tag = "holders", security(("bearer" = [])), params(("id" = String, Path, example = "K7M-3QX-9TD"), HistoryQuery))]
#[get("/holders/{id}/history")]
pub async fn get_history(
    state: Data<State>,
    user: Allow<ReadRecords>,
    id: Path<String>,
    query: Query<HistoryQuery>,
    lang: Lang,
) -> Result<Page<HistoryItem>> {
    let limit = paging::limit(query.limit)?;
    let mut db = state.db().await?;
    let holder = Holder::find(&mut db, &user, &HolderKey::parse(&id)?).await?;
    let ids = merged::with_merged(&mut db, &[holder.id]).await?;
    let subject = holder.subject(&ids);
    let items = history(&mut db, &state.areas(), &subject, lang, limit).await?;
    Ok(Page { items, next: None, count: None })
}

/// Find who has a number: the holder where it is the caller's, else the commune to ask. Looking is
/// recorded in the audit trail.
#[utoipa::path(tag = "holders", security(("bearer" = [])))]
#[post("/holders/lookup")]
pub async fn look_up_number(
    state: Data<State>,
    user: Allow<LookUpNumber>,
    json: Json<Lookup>,
) -> Result<Page<Found>> {
    let areas = state.areas();
    let nothing = Details::Clan(Default::default());
    let number = super::read_number(json.kind, &json.number, &nothing)?;
    let mut db = state.db().await?;
    let found = Holder::with_number(&mut db, state.keys(), &number).await?;
    let ids: Vec<Uuid> = found.iter().map(|holder| holder.id).collect();
    let what = json.kind.as_str();
    note_read(&mut db, &user.plain(), user.area, "number.look_up", &ids, what).await?;
    let mut items = Vec::new();
    for holder in found {
        let area = areas.chain(holder.area_id, None);
        let own = areas.covers(user.area, area);
        items.push(Found {
            commune: areas.code(area, today()).to_owned(),
            commune_name: areas.name(area, today()),
            holder: if own { Some(one(&state, &db, holder).await?) } else { None },
        });
    }
    Ok(Page { items, next: None, count: None })
}

pub async fn one(state: &State, db: &Db, holder: Holder) -> Result<HolderBody> {
    bodies(state, db, vec![holder]).await?.pop().ok_or_else(Error::not_found)
}

pub async fn bodies(state: &State, db: &Db, found: Vec<Holder>) -> Result<Vec<HolderBody>> {
    let areas = state.areas();
    let ids: Vec<Uuid> = found.iter().map(|h| h.id).collect();
    let hamlets: Vec<Uuid> = found.iter().filter_map(|h| h.hamlet_id).collect();
    let (numbers, hamlets) = futures_util::try_join!(
        identifiers::numbers(db, state.keys(), &ids),
        Hamlet::by_ids(db, &hamlets),
    )?;
    let body = |holder: Holder| {
        let area = areas.chain(holder.area_id, None);
        let hamlet = hamlets.iter().find(|h| Some(h.id) == holder.hamlet_id);
        HolderBody {
            id: holder.id,
            kind: holder.kind,
            area: areas.code(area, today()).to_owned(),
            area_name: areas.name(area, today()),
            hamlet: holder.hamlet_id,
            hamlet_name: hamlet.map(Hamlet::full_name),
            group: holder.group(),
            code: holder.code,
            name: holder.name,
            number: numbers.get(&holder.id).map(|number| masked(number)),
            details: holder.details,
            ended_on: holder.ended_on,
            version: holder.version,
        }
    };
    Ok(found.into_iter().map(body).collect())
}
