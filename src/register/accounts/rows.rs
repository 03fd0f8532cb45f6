//! Every query on the accounts of people.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::session;
use crate::access::{Act, Caller, Role};
use crate::base::db::Conn;
use crate::base::error::{Error, OnConstraint, Result, say};
use crate::base::schema::{area_scopes, users};
use crate::base::version::Version;
use crate::ledger::audit::{Entity, Fields, Item};
use crate::ledger::{self, Writer};
use crate::wire::input::{IfMatch, stale};

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = users)]
pub struct User {
    pub id: Uuid,
    pub username: String,
    pub full_name: String,
    pub role: Role,
    pub area_id: i32,
    pub password_hash: String,
    /// Given by an administrator: to be changed at the first log-in.
    pub password_temporary: bool,
    pub disabled: bool,
    pub version: Version,
}

/// What an administrator may change of a user.
#[derive(Debug, Clone)]
pub struct UserChange {
    pub full_name: String,
    pub role: Role,
    pub area_id: i32,
    pub disabled: bool,
}

/// Which accounts a list shows.
#[derive(Debug, Clone)]
pub struct UserFilter {
    pub area: i32,
    pub role: Option<Role>,
    /// Only accounts that stand in one of these very areas.
    pub of_areas: Option<Vec<i32>>,
}

impl User {
    pub fn caller(&self, session: Option<Uuid>) -> Caller {
        Caller {
            id: self.id,
            name: self.username.clone(),
            role: self.role,
            area: self.area_id,
            session,
            password_temporary: self.password_temporary,
        }
    }

    pub fn fields(&self) -> Fields {
        Fields::new()
            .plain("username", &*self.username)
            .plain("role", self.role.as_str())
            .plain("area", self.area_id)
            .plain("disabled", self.disabled)
            .personal("full_name", &*self.full_name)
    }

    pub async fn by_name(db: &mut Conn, username: &str) -> Result<Option<Self>> {
        let user = users::table.filter(users::username.eq(username));
        Ok(user.select(Self::as_select()).first(db).await.optional()?)
    }

    /// What these accounts are called: for showing who reported a figure.
    pub async fn names(db: &mut Conn, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
        let found: Vec<(Uuid, String)> = users::table
            .filter(users::id.eq_any(ids))
            .select((users::id, users::username))
            .load(db)
            .await?;
        Ok(found.into_iter().collect())
    }

    /// An account of an area that the caller's area covers.
    pub async fn find(db: &mut Conn, caller: &Caller, id: Uuid) -> Result<Self> {
        Ok(users::table
            .filter(users::id.eq(id).and(users::area_id.eq_any(covered(caller))))
            .select(Self::as_select())
            .first(db)
            .await?)
    }

    /// One page, by user name.
    pub async fn list(
        db: &mut Conn,
        caller: &Caller,
        filter: UserFilter,
        after: Option<String>,
        limit: i64,
    ) -> Result<Vec<Self>> {
        let mut query = users::table
            .filter(users::area_id.eq_any(covered(caller)))
            .filter(
                users::area_id.eq_any(
                    area_scopes::table
                        .filter(area_scopes::area_id.eq(filter.area))
                        .select(area_scopes::covered_id),
                ),
            )
            .order(users::username)
            .limit(limit)
            .select(Self::as_select())
            .into_boxed();
        if let Some(areas) = filter.of_areas {
            query = query.filter(users::area_id.eq_any(areas));
        }
        if let Some(role) = filter.role {
            query = query.filter(users::role.eq(role));
        }
        if let Some(after) = after {
            query = query.filter(users::username.gt(after));
        }
        Ok(query.load(db).await?)
    }

    pub async fn create(
        db: &mut Conn,
        act: &Act,
        new: UserChange,
        username: &str,
        hash: &str,
        temporary: bool,
    ) -> Result<Uuid> {
        ledger::write(db, act, "user.create", async |w| {
            w.lock(&[new.area_id]).await?;
            let user = Self {
                id: Uuid::now_v7(),
                username: username.to_owned(),
                full_name: new.full_name.clone(),
                role: new.role,
                area_id: new.area_id,
                password_hash: hash.to_owned(),
                password_temporary: temporary,
                disabled: new.disabled,
                version: w.version(new.area_id)?,
            };
            diesel::insert_into(users::table)
                .values(&user)
                .execute(w.db)
                .await
                .on_constraint("users_username_key", || taken("Tên đăng nhập", "user name"))?;
            w.record(user.area_id, Item::created(Entity::User, user.id, user.fields())).await?;
            Ok(user.id)
        })
        .await
    }

    /// Changes what an administrator may change; a disabled account loses its sessions.
    pub async fn change(
        db: &mut Conn,
        act: &Act,
        id: Uuid,
        version: IfMatch,
        change: UserChange,
    ) -> Result<()> {
        let before = Self::find(db, &act.caller, id).await?;
        ledger::write(db, act, "user.change", async |w| {
            w.lock(&[before.area_id, change.area_id]).await?;
            let before = Self::locked(w, id, before.version).await?;
            version.check(before.version)?;
            let mut after = before.clone();
            after.full_name = change.full_name.clone();
            after.role = change.role;
            after.area_id = change.area_id;
            after.disabled = change.disabled;
            if before.is_country_administrator() && !after.is_country_administrator() {
                Self::keep_an_administrator(w, &before).await?;
            }
            after.version = w.version(after.area_id)?;
            diesel::update(users::table.find(id)).set(&after).execute(w.db).await?;
            if after.disabled {
                session::end_all(w.db, id, None).await?;
            }
            let (from, to) = (before.area_id, after.area_id);
            let item = Item::changed(Entity::User, id, before.fields(), after.fields());
            if from != to {
                w.record(from, item.clone()).await?;
            }
            w.record(to, item).await
        })
        .await
    }

    /// Sets a password; the sessions end, but for the one that is kept.
    pub async fn set_password(
        db: &mut Conn,
        act: &Act,
        id: Uuid,
        hash: &str,
        temporary: bool,
        keep: Option<Uuid>,
    ) -> Result<()> {
        let area: i32 = users::table.find(id).select(users::area_id).first(db).await?;
        ledger::write(db, act, "user.password", async |w| {
            w.lock(&[area]).await?;
            diesel::update(users::table.find(id))
                .set((
                    users::password_hash.eq(hash),
                    users::password_temporary.eq(temporary),
                    users::version.eq(w.version(area)?),
                ))
                .execute(w.db)
                .await?;
            session::end_all(w.db, id, keep).await?;
            let fields = Fields::new().plain("temporary", temporary);
            w.record(area, Item::changed(Entity::User, id, Fields::new(), fields)).await
        })
        .await
    }

    async fn locked(w: &mut Writer<'_>, id: Uuid, known: Version) -> Result<Self> {
        let user: Self =
            users::table.find(id).for_update().select(Self::as_select()).first(w.db).await?;
        // The areas to lock were learnt from what was read before.
        if user.version == known { Ok(user) } else { Err(stale(user.version)) }
    }

    /// Whether it administers the whole country; area 1 is the country's.
    pub fn is_country_administrator(&self) -> bool {
        self.role == Role::Administrator && self.area_id == COUNTRY && !self.disabled
    }

    async fn keep_an_administrator(w: &mut Writer<'_>, leaving: &Self) -> Result<()> {
        let others: i64 = users::table
            .filter(users::role.eq(Role::Administrator).and(users::area_id.eq(COUNTRY)))
            .filter(users::disabled.eq(false).and(users::id.ne(leaving.id)))
            .count()
            .get_result(w.db)
            .await?;
        if others > 0 {
            return Ok(());
        }
        Err(Error::conflict(
            "last_administrator",
            say(
                "Đây là quản trị viên toàn quốc cuối cùng; hãy tạo một người khác trước.",
                "This is the last administrator of the country; create another first.",
            ),
        ))
    }
}

/// The country is the first area installed.
const COUNTRY: i32 = 1;

/// The areas that a caller's area answers for, as a subquery.
#[diesel::dsl::auto_type(no_type_alias)]
pub(super) fn covered(caller: &Caller) -> _ {
    let area: i32 = caller.area;
    area_scopes::table.filter(area_scopes::area_id.eq(area)).select(area_scopes::covered_id)
}

pub(super) fn taken(vi: &'static str, en: &'static str) -> Error {
    Error::conflict("name_taken", say(format!("{vi} này đã có."), format!("This {en} is taken.")))
}
