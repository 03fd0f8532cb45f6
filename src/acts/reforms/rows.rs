//! Every query on reforms: staged, applied, taken back.

use chrono::{Days, NaiveDate};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Date, Integer, Nullable, Text};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::trail::changed;
use super::{Parent, Plan, ReformState, plan};
use crate::access::Act;
use crate::areas::rows::generation;
use crate::areas::{AreaId, Areas, changed_meanwhile, scopes};
use crate::base::db::Conn;
use crate::base::error::{Error, Result, say};
use crate::base::schema::{area_generation, areas, reforms};
use crate::base::statement::statement;
use crate::base::text::search_key;
use crate::base::version::Version;
use crate::ledger::audit::{Entity, Fields, Item};
use crate::ledger::{self, Writer};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = reforms)]
pub struct Reform {
    pub id: Uuid,
    pub decree: String,
    pub effective_on: NaiveDate,
    pub file: String,
    pub state: ReformState,
    pub touched: Option<serde_json::Value>,
    pub author_id: Uuid,
    pub day: NaiveDate,
    pub version: Version,
}

/// The areas that an applied reform changed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Touched {
    pub ended: Vec<AreaId>,
    pub renamed: Vec<AreaId>,
    pub born: Vec<AreaId>,
}

impl Reform {
    pub async fn find(db: &mut Conn, id: Uuid) -> Result<Self> {
        let found = reforms::table.find(id).select(Self::as_select()).first(db).await;
        found.optional()?.ok_or_else(Error::not_found)
    }

    /// One page, the last sent first.
    pub async fn list(
        db: &mut Conn,
        state: Option<ReformState>,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Self>> {
        let query = reforms::table.order(reforms::id.desc()).limit(limit).into_boxed();
        let query = match state {
            Some(state) => query.filter(reforms::state.eq(state)),
            None => query,
        };
        let query = match after {
            Some(id) => query.filter(reforms::id.lt(id)),
            None => query,
        };
        Ok(query.select(Self::as_select()).load(db).await?)
    }

    /// Keeps a file that has no faults, to be looked at and applied.
    pub async fn stage(db: &mut Conn, act: &Act, areas: &Areas, file: &[u8]) -> Result<Uuid> {
        let plan = plan(file, areas)?;
        let file = String::from_utf8(file.to_vec()).map_err(Error::internal)?;
        let country = areas.country();
        ledger::write(db, act, "reform.stage", async |w| {
            w.lock(&[country]).await?;
            let reform = Self {
                id: Uuid::now_v7(),
                decree: plan.decree.clone(),
                effective_on: plan.on,
                file: file.clone(),
                state: ReformState::Staged,
                touched: None,
                author_id: act.caller.id,
                day: w.day,
                version: w.version(country)?,
            };
            diesel::insert_into(reforms::table).values(&reform).execute(w.db).await?;
            let item = Item::created(Entity::Reform, reform.id, reform.fields());
            w.record(country, item).await?;
            Ok(reform.id)
        })
        .await
    }

    /// Makes it hold: areas get their versions and successions, and whoever answers for an old area
    /// answers for what came of it.
    pub async fn apply(db: &mut Conn, act: &Act, id: Uuid) -> Result<()> {
        ledger::write(db, act, "reform.apply", async |w| {
            let known = Areas::load(w.db).await?;
            let reform = Self::find(w.db, id).await?;
            reform.must_be(ReformState::Staged)?;
            let plan = plan(reform.file.as_bytes(), &known)?;
            begin(w, &known, &plan.old()).await?;
            let touched = write(w, &known, &plan).await?;
            reform.finish(w, &known, ReformState::Applied, Some(touched)).await
        })
        .await
    }

    /// The last day before it.
    pub fn eve(&self) -> NaiveDate {
        self.effective_on - Days::new(1)
    }

    fn fields(&self) -> Fields {
        Fields::new()
            .plain("decree", self.decree.clone())
            .plain("effective_on", self.effective_on.to_string())
            .plain("state", self.state.as_str())
    }

    pub(super) fn must_be(&self, state: ReformState) -> Result<()> {
        if self.state == state {
            return Ok(());
        }
        let (vi, en) = match self.state {
            ReformState::Staged => ("chưa được áp dụng", "not applied"),
            ReformState::Applied => ("đã được áp dụng", "applied already"),
            ReformState::Undone => ("đã được hủy", "taken back already"),
        };
        let detail = say(format!("Thay đổi địa giới này {vi}."), format!("The reform is {en}."));
        Err(Error::conflict("reform_state", detail))
    }

    /// What an applied reform changed.
    pub(super) fn touched(&self) -> Result<Touched> {
        let touched = self.touched.clone().unwrap_or_default();
        serde_json::from_value(touched).map_err(Error::internal)
    }

    /// Stores the new state, and lets everybody learn of the areas.
    pub(super) async fn finish(
        self,
        w: &mut Writer<'_>,
        before: &Areas,
        state: ReformState,
        touched: Option<Touched>,
    ) -> Result<()> {
        let country = before.country();
        let touched = touched.map(serde_json::to_value).transpose().map_err(Error::internal)?;
        let version = w.version(country)?;
        let after =
            Self { state, touched: touched.or(self.touched.clone()), version, ..self.clone() };
        diesel::update(reforms::table.find(self.id))
            .set((
                reforms::state.eq(after.state),
                reforms::touched.eq(&after.touched),
                reforms::version.eq(version),
            ))
            .execute(w.db)
            .await?;
        let item = Item::changed(Entity::Reform, self.id, self.fields(), after.fields());
        w.record(country, item).await?;
        diesel::update(area_generation::table)
            .set(area_generation::n.eq(area_generation::n + 1))
            .execute(w.db)
            .await?;
        let areas = Areas::load(w.db).await?;
        scopes::renew(w.db, &areas).await?;
        let items: Vec<Item> =
            after.areas()?.into_iter().map(|id| changed(before, &areas, id)).collect();
        w.record_all(country, &items).await
    }

    fn areas(&self) -> Result<Vec<AreaId>> {
        let touched = self.touched()?;
        Ok([touched.ended, touched.renamed, touched.born].concat())
    }
}

/// Holds the country's chain and those of the areas, so that no two reforms are written at once and
/// whoever writes into the areas has done so; refuses if the areas changed in between.
pub(super) async fn begin(w: &mut Writer<'_>, known: &Areas, old: &[AreaId]) -> Result<()> {
    w.lock(&[&[known.country()], old].concat()).await?;
    if generation(w.db).await? != known.generation() {
        return Err(changed_meanwhile());
    }
    Ok(())
}

async fn write(w: &mut Writer<'_>, known: &Areas, plan: &Plan) -> Result<Touched> {
    let first: AreaId = areas::table
        .select(diesel::dsl::max(areas::id))
        .first::<Option<_>>(w.db)
        .await?
        .unwrap_or(0);
    let born: Vec<AreaId> = (first + 1..).take(plan.born.len()).collect();
    statement("insert into areas (id, level) select * from unnest($1, $2)")
        .bind::<Array<Integer>, _>(&born)
        .bind::<Array<Text>, _>(plan.born.iter().map(|b| b.level.as_str()).collect::<Vec<_>>())
        .execute(w.db)
        .await?;
    let last = plan.on - Days::new(1);
    let mut old = plan.old();
    old.sort_unstable();
    move_end(w, &old, None, Some(last)).await?;
    let named = plan.renamed.iter().map(|(id, named)| (*id, named));
    let named: Vec<_> =
        named.chain(born.iter().copied().zip(plan.born.iter().map(|b| &b.named))).collect();
    let parent = |parent: Parent| match parent {
        Parent::Known(id) => id,
        Parent::Born(n) => born[n],
    };
    let texts = |read: fn(&super::Named) -> String| -> Vec<String> {
        named.iter().map(|(_, named)| read(named)).collect()
    };
    statement(
        "insert into area_versions (area_id, code, unit_type, name, full_name, search_key,
                                    parent_id, valid_from, known_from)
         select u.*, $8, $9 from unnest($1, $2, $3, $4, $5, $6, $7) u",
    )
    .bind::<Array<Integer>, _>(named.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(texts(|named| named.code.clone()))
    .bind::<Array<Text>, _>(texts(|named| named.unit_type.clone()))
    .bind::<Array<Text>, _>(texts(|named| named.name.clone()))
    .bind::<Array<Text>, _>(texts(super::Named::full_name))
    .bind::<Array<Text>, _>(texts(|named| search_key(&named.full_name())))
    .bind::<Array<Integer>, _>(named.iter().map(|(_, n)| parent(n.parent)).collect::<Vec<_>>())
    .bind::<Date, _>(plan.on)
    .bind::<Date, _>(w.day)
    .execute(w.db)
    .await?;
    let successions = &plan.successions;
    statement(
        "insert into area_successions (old_id, new_id, whole, effective_on, decree, known_from)
         select u.*, $4, $5, $6 from unnest($1, $2, $3) u",
    )
    .bind::<Array<Integer>, _>(successions.iter().map(|s| s.old).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(successions.iter().map(|s| born[s.new]).collect::<Vec<_>>())
    .bind::<Array<Bool>, _>(successions.iter().map(|s| s.whole).collect::<Vec<_>>())
    .bind::<Date, _>(plan.on)
    .bind::<Text, _>(&plan.decree)
    .bind::<Date, _>(w.day)
    .execute(w.db)
    .await?;
    debug_assert!(old.iter().all(|id| known.knows(*id)));
    let renamed = plan.renamed.iter().map(|(id, _)| *id).collect();
    Ok(Touched { ended: plan.ended.clone(), renamed, born })
}

/// Moves the last day of the areas' versions that end on `from`. What was known until now stays
/// known of the days before.
pub(super) async fn move_end(
    w: &mut Writer<'_>,
    ids: &[AreaId],
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
) -> Result<()> {
    let mine = "area_id = any($1) and known_to is null and valid_to is not distinct from $2";
    // What came to be known on this very day is corrected in place, before the rest is retired.
    let of_today =
        format!("update area_versions set valid_to = $3 where {mine} and known_from = $4");
    let of_before = format!(
        "with retired as (
             update area_versions set known_to = $4 where {mine} and known_from < $4 returning *
         )
         insert into area_versions (area_id, valid_from, valid_to, code, unit_type, name, full_name,
                                    search_key, parent_id, known_from)
         select area_id, valid_from, $3, code, unit_type, name, full_name, search_key, parent_id, $4
         from retired"
    );
    for sql in [of_today, of_before] {
        statement(sql)
            .bind::<Array<Integer>, _>(ids)
            .bind::<Nullable<Date>, _>(from)
            .bind::<Nullable<Date>, _>(to)
            .bind::<Date, _>(w.day)
            .execute(w.db)
            .await?;
    }
    Ok(())
}
