//! The trail, read by auditors and supervisors, and its verification.

use std::collections::{HashMap, HashSet};

use actix_web::get;
use actix_web::web::{Data, Path};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::Validate;

use super::names::Names;
use super::rows::{self, Entry, EntryFilter, StoredItem, ValueKey};
use super::sentence::{Subject, Told, sentence, summary};
use crate::access::allow::{Allow, ReadAudit};
use crate::access::state::State;
use crate::areas::{AreaId, Areas};
use crate::base::clock::today;
use crate::base::db::Conn;
use crate::base::error::{Error, Lang, Result};
use crate::base::version::Version;
use crate::wire::input::Query;
use crate::wire::paging;
use crate::wire::reply::Page;

/// One entry of a chain.
#[derive(Serialize, ToSchema)]
pub struct AuditEntry {
    /// Names the entry: the version of everything that it changed.
    pub id: Version,
    /// Code of the chain's area.
    #[schema(example = "13669")]
    pub area: String,
    pub seq: i64,
    pub at: DateTime<Utc>,
    /// The day of the register on which the change is known.
    pub day: NaiveDate,
    pub actor: Uuid,
    pub actor_name: String,
    pub role: String,
    #[schema(example = "title.verify")]
    pub action: String,
    /// The entry as a person would say it, in the language of `Accept-Language`.
    #[schema(
        example = "Lúc 09:15 ngày 25/11/2026, Trần Thị Thử (cán bộ nhập liệu) tại Phường Nam Định \
                        thẩm định danh hiệu (3 mục)."
    )]
    pub summary: String,
    /// The reason given, unless it was erased.
    pub reason: Option<String>,
    pub items: i32,
    pub request_id: Uuid,
    /// SHA-256, hexadecimal.
    pub hash: String,
    pub previous: String,
}

/// One thing as an entry changed it.
#[derive(Serialize, ToSchema)]
pub struct AuditItem {
    n: i32,
    entity: String,
    entity_id: String,
    /// The fields before; none when it was created.
    before: Option<Value>,
    /// The fields after; none when it was deleted.
    after: Option<Value>,
}

/// A change in the history of one thing.
#[derive(Serialize, ToSchema)]
pub struct HistoryItem {
    /// The change as a person would say it, in the language of `Accept-Language`.
    #[schema(
        example = "Lúc 09:15 ngày 25/11/2026, Trần Thị Thử (cán bộ nhập liệu) tại Phường Nam \
                        Định thẩm định danh hiệu Gia đình học tập năm 2026 (cấp xã) của gia đình Trần \
                        Văn Bình: trạng thái từ “đã tự chấm” thành “đã thẩm định”."
    )]
    sentence: String,
    entry: AuditEntry,
    item: AuditItem,
}

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Code of an area within the caller's.
    area: Option<String>,
    /// Id of an account.
    actor: Option<Uuid>,
    /// A kind of thing (`title`) or one thing (`holder:<id>`).
    #[validate(length(max = 200))]
    entity: Option<String>,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    pub limit: Option<i64>,
}

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ItemQuery {
    limit: Option<i64>,
    cursor: Option<String>,
}

impl HistoryItem {
    /// The change as a person would say it.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_audit).service(list_audit_items);
}

/// List the entries of the chains of an area, the newest first.
#[utoipa::path(tag = "audit", security(("bearer" = [])), params(AuditQuery))]
#[get("/audit")]
pub async fn list_audit(
    state: Data<State>,
    user: Allow<ReadAudit>,
    query: Query<AuditQuery>,
    lang: Lang,
) -> Result<Page<AuditEntry>> {
    let areas = state.areas();
    let limit = paging::limit(query.limit)?;
    let filter = query.filter(&areas)?;
    let filters = (&query.area, query.actor, &query.entity, query.from, query.to);
    let after = paging::after(&filters, query.cursor.as_deref())?;
    let mut db = state.db().await?;
    let found = rows::entries(&mut db, &user, &filter, after, limit + 1).await?;
    let key = |e: &Entry| (e.at, e.area_id, e.seq);
    let (found, next) = paging::cut(found, limit, &filters, key)?;
    let keys: Vec<_> = found.iter().map(|e| (e.area_id, e.seq)).collect();
    let values = rows::values(&mut db, &keys).await?;
    let items = found.iter().map(|entry| entry_body(&areas, entry, &values, lang)).collect();
    Ok(Page { items, next, count: None })
}

impl AuditQuery {
    pub fn filter(&self, areas: &Areas) -> Result<EntryFilter> {
        let entity = self.entity.as_deref().map(|text| match text.split_once(':') {
            Some((entity, id)) => (entity.to_owned(), Some(id.to_owned())),
            None => (text.to_owned(), None),
        });
        let area = self.area.as_deref().map(|c| areas.resolve("?area", c, today())).transpose()?;
        Ok(EntryFilter { area, actor: self.actor, entity, from: self.from, to: self.to })
    }
}

/// List what one entry changed.
#[utoipa::path(tag = "audit", security(("bearer" = [])), params(("id" = Version, Path, example = "14172-57"), ItemQuery))]
#[get("/audit/{id}/items")]
pub async fn list_audit_items(
    state: Data<State>,
    user: Allow<ReadAudit>,
    id: Path<String>,
    query: Query<ItemQuery>,
) -> Result<Page<AuditItem>> {
    let entry: Version = id.into_inner().try_into().map_err(|_| Error::not_found())?;
    let key = (entry.area(), entry.seq());
    let limit = paging::limit(query.limit)?;
    let after = paging::after(&key, query.cursor.as_deref())?;
    let mut db = state.db().await?;
    let found = rows::items(&mut db, &user, key, after, limit + 1).await?;
    if found.is_empty() && after.is_none() {
        return Err(Error::not_found());
    }
    let (found, next) = paging::cut(found, limit, &key, |item| item.n)?;
    let values = rows::values(&mut db, &[key]).await?;
    let items = found.iter().map(|item| item_body(item, &values)).collect();
    Ok(Page { items, next, count: None })
}

/// What was recorded of something (of a holder also what was recorded of its titles), newest first.
pub async fn history(
    db: &mut Conn,
    areas: &Areas,
    subject: &Subject,
    lang: Lang,
    limit: i64,
) -> Result<Vec<HistoryItem>> {
    let found = rows::of_subject(db, subject.entity, &subject.ids, limit).await?;
    let keys: Vec<_> = found.iter().map(|item| (item.area_id, item.seq)).collect();
    let entries = rows::entries_of(db, &keys).await?;
    let values = rows::values(db, &keys).await?;
    let by_key: HashMap<_, _> = entries.iter().map(|e| ((e.area_id, e.seq), e)).collect();
    let mut seen = HashSet::new();
    let changes: Vec<(AuditEntry, AuditItem, String)> = found
        .iter()
        .filter_map(|item| {
            let entry = by_key.get(&(item.area_id, item.seq))?;
            // A move stands in the chains of both communes, but happened once.
            seen.insert((entry.request_id, &item.entity_id, &item.body)).then_some(())?;
            let place = office(areas, entry);
            Some((entry_body(areas, entry, &values, lang), item_body(item, &values), place))
        })
        .collect();
    let actors: Vec<Uuid> = changes.iter().map(|(entry, ..)| entry.actor).collect();
    let sides = changes.iter().flat_map(|(_, item, _)| item.before.iter().chain(&item.after));
    let names = Names::load(db, areas, &actors, sides).await?;
    let mut history: Vec<HistoryItem> = changes
        .into_iter()
        .map(|(entry, item, place)| {
            let told = Told {
                at: entry.at,
                actor: names.person(entry.actor).unwrap_or(&entry.actor_name),
                role: &entry.role,
                place: &place,
                action: &entry.action,
                reason: entry.reason.as_deref(),
                entity: &item.entity,
                entity_id: &item.entity_id,
                before: item.before.as_ref().and_then(Value::as_object),
                after: item.after.as_ref().and_then(Value::as_object),
            };
            let sentence = sentence(&told, subject, &names, lang);
            HistoryItem { sentence, entry, item }
        })
        .collect();
    history.sort_by_key(|change| std::cmp::Reverse(change.entry.at));
    Ok(history)
}

/// Where the actor was at home, as it was called that day: not always where the entry stands.
fn office(areas: &Areas, entry: &Entry) -> String {
    #[derive(Deserialize)]
    struct Actor {
        actor_area: AreaId,
    }
    let actor = serde_json::from_str::<Actor>(&entry.body);
    let area = actor.map_or(entry.area_id, |actor| actor.actor_area);
    areas.get(area).nearest(entry.day).full_name.clone()
}

pub fn entry_body(
    areas: &Areas,
    entry: &Entry,
    values: &HashMap<ValueKey, String>,
    lang: Lang,
) -> AuditEntry {
    let body: Value = serde_json::from_str(&entry.body).unwrap_or_default();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let reason = values.get(&(entry.area_id, entry.seq, -1, "reason".to_owned())).cloned();
    let (name, role) = (text("actor_name"), text("role"));
    let place = office(areas, entry);
    let deed = (&*entry.action, entry.items, reason.as_deref());
    AuditEntry {
        summary: summary((entry.at, (&name, &role), &place), deed, lang),
        id: Version::new(entry.area_id, entry.seq),
        area: areas.code(entry.area_id, entry.day).to_owned(),
        seq: entry.seq,
        at: entry.at,
        day: entry.day,
        actor: entry.actor_id,
        actor_name: name,
        role,
        action: entry.action.clone(),
        reason,
        items: entry.items,
        request_id: entry.request_id,
        hash: hex::encode(&entry.hash),
        previous: text("previous"),
    }
}

fn item_body(item: &StoredItem, values: &HashMap<ValueKey, String>) -> AuditItem {
    let mut body: Value = serde_json::from_str(&item.body).unwrap_or_default();
    let mut side = |name: &str| {
        let mut fields = body.get_mut(name)?.take();
        // The commitment gives way to the values, while they are kept.
        if let Some(fields) = fields.as_object_mut() {
            let key = (item.area_id, item.seq, item.n, name.to_owned());
            if let Some(Ok(Value::Object(personal))) =
                values.get(&key).map(|text| serde_json::from_str(text))
            {
                fields.remove("#");
                fields.extend(personal);
            }
        }
        Some(fields)
    };
    let (before, after) = (side("before"), side("after"));
    AuditItem {
        n: item.n,
        entity: item.entity.clone(),
        entity_id: item.entity_id.clone(),
        before,
        after,
    }
}
