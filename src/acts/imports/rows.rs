//! Every query on imports: the list as sent, its staged rows, its state.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Jsonb, Timestamptz};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use std::collections::HashSet;
use uuid::Uuid;

use super::matching::Candidate;
use super::run::Progress;
use super::{Failure, ImportState, Summary};
use crate::access::{Act, Caller};
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::{Error, Result, say};
use crate::base::keys::Keys;
use crate::base::kind::{Kind, Level};
use crate::base::schema::{holders, import_files, import_newcomers, import_rows, imports, titles};
use crate::base::version::Version;
use crate::ledger::audit::{Entity, Fields, Item};
use crate::ledger::{self, Writer};
use crate::register::holders::rows::Holder;

/// Bytes of a piece of the file.
const PIECE: usize = 1 << 20;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = imports)]
pub struct Import {
    pub id: Uuid,
    pub area_id: i32,
    pub kind: Kind,
    pub level: Level,
    pub year: i16,
    pub file_name: String,
    pub file_digest: Vec<u8>,
    pub file_size: i64,
    pub state: ImportState,
    pub summary: Value,
    pub created_by: Uuid,
    pub created_at: DateTime<Utc>,
    pub applied_at: Option<DateTime<Utc>>,
    pub version: Version,
    /// The commune in the boundaries of the list; `area_id` keeps its records today.
    pub commune_id: i32,
    /// The day for which the list's codes are read, and on which its titles are registered.
    pub listed_on: NaiveDate,
    /// The version that applying it gave to what it touched.
    pub applied_in: Option<Version>,
    /// The version that taking it back gave.
    pub undone_in: Option<Version>,
    /// How far its check is, and its applying.
    pub rows_checked: i32,
    pub rows_written: i32,
}

impl Import {
    pub fn summary(&self) -> Summary {
        serde_json::from_value(self.summary.clone()).unwrap_or_default()
    }

    fn fields(&self) -> Fields {
        Fields::new()
            .plain("kind", self.kind.as_str())
            .plain("level", self.level.as_str())
            .plain("year", self.year)
            .plain("commune", self.commune_id)
            .plain("listed_on", self.listed_on.to_string())
            .plain("state", self.state.as_str())
            .plain("file_sha256", hex::encode(&self.file_digest))
            .plain("file_size", self.file_size)
    }

    /// Takes a list in, encrypted; it is checked afterwards.
    pub async fn create(
        db: &mut Conn,
        act: &Act,
        keys: &Keys,
        new: &Self,
        file: &[u8],
    ) -> Result<Uuid> {
        ledger::write(db, act, "import.create", async |w| {
            w.lock(&[new.area_id]).await?;
            let made = Self { version: w.version(new.area_id)?, ..new.clone() };
            diesel::insert_into(imports::table).values(&made).execute(w.db).await?;
            for (n, piece) in (0_i32..).zip(file.chunks(PIECE)) {
                diesel::insert_into(import_files::table)
                    .values((
                        import_files::import_id.eq(made.id),
                        import_files::n.eq(n),
                        import_files::sealed.eq(keys.seal(made.id.as_bytes(), piece)),
                    ))
                    .execute(w.db)
                    .await?;
            }
            w.record(made.area_id, Item::created(Entity::Import, made.id, made.fields())).await?;
            Ok(made.id)
        })
        .await
    }

    /// An import of an area that the caller's covers.
    pub async fn find(db: &mut Conn, areas: &Areas, caller: &Caller, id: Uuid) -> Result<Self> {
        let found: Self = imports::table.find(id).select(Self::as_select()).first(db).await?;
        if areas.covers(caller.area, found.area_id) { Ok(found) } else { Err(Error::not_found()) }
    }

    /// One page, the latest first.
    pub async fn list(
        db: &mut Conn,
        areas: &Areas,
        caller: &Caller,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Self>> {
        // Ids grow with time.
        Ok(imports::table
            .filter(imports::area_id.eq_any(areas.cover(caller.area)))
            .filter(imports::id.lt(before.unwrap_or(Uuid::max())))
            .order(imports::id.desc())
            .limit(limit)
            .select(Self::as_select())
            .load(db)
            .await?)
    }

    /// An import of an area whose chain is locked. It is not deleted meanwhile, but a run may still say
    /// how far it is.
    pub async fn held(w: &mut Writer<'_>, id: Uuid) -> Result<Self> {
        Ok(imports::table.find(id).for_key_share().select(Self::as_select()).first(w.db).await?)
    }

    /// The same, held until the transaction ends.
    pub async fn locked(w: &mut Writer<'_>, id: Uuid) -> Result<Self> {
        Ok(imports::table.find(id).for_update().select(Self::as_select()).first(w.db).await?)
    }

    /// The list as it was sent.
    pub async fn file(&self, db: &mut Conn, keys: &Keys) -> Result<Vec<u8>> {
        let pieces: Vec<Vec<u8>> = import_files::table
            .filter(import_files::import_id.eq(self.id))
            .order(import_files::n)
            .select(import_files::sealed)
            .load(db)
            .await?;
        if pieces.is_empty() {
            return Err(Error::not_found());
        }
        let mut file = Vec::with_capacity(self.file_size as usize);
        for piece in pieces {
            file.extend(keys.open(self.id.as_bytes(), &piece).map_err(Error::internal)?);
        }
        Ok(file)
    }

    /// Says that a run goes on, and how far it is.
    pub async fn beat(&self, db: &mut Conn, progress: &Progress) -> Result<()> {
        diesel::update(imports::table.find(self.id))
            .set((
                imports::heartbeat.eq(diesel::dsl::now),
                imports::rows_checked.eq(progress.checked()),
                imports::rows_written.eq(progress.written()),
            ))
            .execute(db)
            .await?;
        Ok(())
    }

    /// Ends a check that is still wanted.
    pub async fn end_check(
        &self,
        db: &mut Conn,
        state: ImportState,
        summary: &Summary,
    ) -> Result<()> {
        let checked = summary.rows as i32;
        let summary = serde_json::to_value(summary).map_err(Error::internal)?;
        let ended = diesel::update(imports::table.find(self.id))
            .filter(imports::state.eq(ImportState::Checking))
            .set((
                imports::state.eq(state),
                imports::summary.eq(summary),
                imports::rows_checked.eq(checked),
            ))
            .execute(db)
            .await?;
        if ended == 0 {
            // It was ended meanwhile, perhaps because somebody in it is to be forgotten.
            diesel::delete(import_rows::table.filter(import_rows::import_id.eq(self.id)))
                .execute(db)
                .await?;
        }
        Ok(())
    }

    /// Makes a checked list one that is being applied; false if it is no checked list.
    pub async fn begin_apply(&self, db: &mut Conn) -> Result<bool> {
        let begun = diesel::update(imports::table.find(self.id))
            .filter(imports::state.eq(ImportState::Checked))
            .set((
                imports::state.eq(ImportState::Applying),
                imports::heartbeat.eq(diesel::dsl::now),
                imports::summary.eq(sql::<Jsonb>("summary - 'failure'")),
                imports::rows_written.eq(0),
            ))
            .execute(db)
            .await?;
        Ok(begun == 1)
    }

    /// Nothing was applied: it is a checked list again, which says why.
    pub async fn give_back(&self, db: &mut Conn, failure: Failure) -> Result<()> {
        let summary = Summary { failure: Some(failure), ..self.summary() };
        diesel::update(imports::table.find(self.id))
            .filter(imports::state.eq(ImportState::Applying))
            .set((
                imports::state.eq(ImportState::Checked),
                imports::summary.eq(serde_json::to_value(summary).map_err(Error::internal)?),
                imports::rows_written.eq(0),
            ))
            .execute(db)
            .await?;
        Ok(())
    }

    /// Marks it applied.
    pub async fn end_apply(&self, w: &mut Writer<'_>, summary: &Summary) -> Result<()> {
        let version = w.version(self.area_id)?;
        let before = Self { state: ImportState::Checked, ..self.clone() };
        let after = Self { state: ImportState::Applied, version, ..self.clone() };
        let ended = diesel::update(imports::table.find(self.id))
            .filter(imports::state.eq(ImportState::Applying))
            .set((
                imports::state.eq(after.state),
                imports::summary.eq(serde_json::to_value(summary).map_err(Error::internal)?),
                imports::applied_at.eq(diesel::dsl::now),
                imports::applied_in.eq(version),
                imports::version.eq(version),
                imports::rows_written.eq(summary.good as i32),
            ))
            .execute(w.db)
            .await?;
        if ended == 0 {
            return Err(interrupted());
        }
        let item = Item::changed(Entity::Import, self.id, before.fields(), after.fields());
        w.record(self.area_id, item).await
    }

    /// The versions that the imports of a commune gave which were taken back: applied, undone.
    pub async fn undone_in_area(db: &mut Conn, area: AreaId) -> Result<Vec<(Version, Version)>> {
        Ok(imports::table
            .filter(imports::area_id.eq(area))
            .select((imports::applied_in.assume_not_null(), imports::undone_in.assume_not_null()))
            .filter(imports::undone_in.is_not_null())
            .load(db)
            .await?)
    }

    /// Marks it taken back.
    pub async fn end_undo(&self, w: &mut Writer<'_>, summary: &Summary) -> Result<()> {
        let version = w.version(self.area_id)?;
        let after = Self { state: ImportState::Undone, version, ..self.clone() };
        diesel::update(imports::table.find(self.id))
            .set((
                imports::state.eq(after.state),
                imports::summary.eq(serde_json::to_value(summary).map_err(Error::internal)?),
                imports::undone_in.eq(version),
                imports::version.eq(version),
            ))
            .execute(w.db)
            .await?;
        let item = Item::changed(Entity::Import, self.id, self.fields(), after.fields());
        w.record(self.area_id, item).await
    }
}

/// A run that was silent for a minute.
fn interrupted() -> Error {
    Error::conflict(
        "interrupted",
        say(
            "Máy chủ đã ngừng giữa lúc ghi; chưa ghi gì vào sổ bộ, hãy ghi lại.",
            "The server stopped meanwhile; nothing was entered, apply again.",
        ),
    )
}

/// Ends the runs of which nothing was heard for a minute: their server died.
pub async fn fail_silent(db: &mut Conn) -> Result<()> {
    let silent = || sql::<Timestamptz>("now() - interval '60 seconds'");
    let failure = Failure {
        code: "interrupted".to_owned(),
        reason: "Máy chủ đã ngừng giữa lúc kiểm tra; chưa ghi gì vào sổ bộ, hãy gửi lại danh sách."
            .to_owned(),
    };
    let summary = Summary { failure: Some(failure), ..Summary::default() };
    diesel::update(imports::table)
        .filter(imports::state.eq(ImportState::Checking).and(imports::heartbeat.lt(silent())))
        .set((
            imports::state.eq(ImportState::Failed),
            imports::summary.eq(serde_json::to_value(summary).map_err(Error::internal)?),
        ))
        .execute(db)
        .await?;
    // What they had written was never committed.
    let applying: Vec<Import> = imports::table
        .filter(imports::state.eq(ImportState::Applying).and(imports::heartbeat.lt(silent())))
        .select(Import::as_select())
        .load(db)
        .await?;
    for import in applying {
        import.give_back(db, Failure::of(&interrupted())).await?;
    }
    Ok(())
}

/// The holders of a commune and kind whom a list entered as `mới`.
pub async fn newcomers(db: &mut Conn, commune: AreaId, kind: Kind) -> Result<HashSet<Uuid>> {
    let found: Vec<Uuid> = import_newcomers::table
        .inner_join(imports::table)
        .filter(imports::area_id.eq(commune).and(imports::kind.eq(kind)))
        .select(import_newcomers::holder_id)
        .load(db)
        .await?;
    Ok(found.into_iter().collect())
}

/// Remembers whom a list entered as `mới`.
pub async fn add_newcomers(w: &mut Writer<'_>, import: Uuid, holders: &[Uuid]) -> Result<()> {
    let rows: Vec<_> = holders
        .iter()
        .map(|id| (import_newcomers::holder_id.eq(*id), import_newcomers::import_id.eq(import)))
        .collect();
    for rows in rows.chunks(10_000) {
        diesel::insert_into(import_newcomers::table).values(rows).execute(w.db).await?;
    }
    Ok(())
}

/// The holders of a kind whom a commune keeps: whom a list may mean, in the order of their ids. Each
/// area is asked for by itself: of several the planner may take an index that knows the kind alone.
pub async fn candidates(
    db: &mut Conn,
    areas: &Areas,
    commune: AreaId,
    kind: Kind,
) -> Result<Vec<Candidate>> {
    let mut found: Vec<Candidate> = Vec::new();
    for area in areas.ending_in(commune) {
        let here = holders::table.filter(holders::area_id.eq(area).and(holders::kind.eq(kind)));
        found.extend(here.select(Candidate::as_select()).load(db).await?);
    }
    found.sort_unstable_by_key(|holder| holder.id);
    Ok(found)
}

/// Last year's holders of a commune that are still its own.
pub async fn last_year(
    db: &mut Conn,
    areas: &Areas,
    commune: AreaId,
    kind: Kind,
    year: i16,
) -> Result<Vec<Holder>> {
    let listed = (kind, kind.default_level());
    let ids = holders_of_year(db, areas, commune, listed, year - 1).await?;
    let mut holders = Holder::by_ids(db, &ids).await?;
    holders.retain(|holder| areas.chain(holder.area_id, None) == commune);
    Ok(holders)
}

/// The holders that had a title of a kind in a commune in a year.
pub async fn holders_of_year(
    db: &mut Conn,
    areas: &Areas,
    commune: AreaId,
    (kind, level): (Kind, Level),
    year: i16,
) -> Result<Vec<Uuid>> {
    Ok(titles::table
        .filter(titles::area_id.eq_any(areas.cover(commune)).and(titles::kind.eq(kind)))
        .filter(titles::year.eq(year).and(titles::level.eq(level)))
        .order(titles::holder_id)
        .select(titles::holder_id)
        .load(db)
        .await?)
}
