//! Changes of many accounts at once: each is one act with an entry in every chain it touches.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::list::Wanted;
use crate::access::{Act, Caller};
use crate::areas::AreaId;
use crate::base::db::Conn;
use crate::base::error::{Error, FieldError, OnConstraint, Result, say};
use crate::base::schema::{area_scopes, users};
use crate::base::version::Version;
use crate::ledger::audit::{Entity, Fields, Item};
use crate::ledger::{self, Writer};
use crate::register::accounts::rows::User;
use crate::register::accounts::session;

/// An account, and the version on which the change builds.
pub type Pick = (Uuid, Version);

/// Which of these names exist.
pub async fn taken(db: &mut Conn) -> Result<HashSet<String>> {
    let names: Vec<String> = users::table.select(users::username).load(db).await?;
    Ok(names.into_iter().collect())
}

/// Makes all accounts of a list, whose passwords are hashed already, or none.
pub async fn create_all(db: &mut Conn, act: &Act, new: &[(Wanted, String)]) -> Result<Vec<Uuid>> {
    ledger::write(db, act, "user.create", async |w| {
        let areas: Vec<AreaId> = new.iter().map(|(wanted, _)| wanted.area).collect();
        w.lock(&areas).await?;
        let mut ids = Vec::with_capacity(new.len());
        for (wanted, hash) in new {
            let user = User {
                id: Uuid::now_v7(),
                username: wanted.username.clone(),
                full_name: wanted.full_name.clone(),
                role: wanted.role,
                area_id: wanted.area,
                password_hash: hash.clone(),
                password_temporary: true,
                disabled: false,
                version: w.version(wanted.area)?,
            };
            diesel::insert_into(users::table).values(&user).execute(w.db).await.on_constraint(
                "users_username_key",
                || {
                    Error::conflict(
                        "username_taken",
                        say(
                            "Có tên đăng nhập vừa được tạo ở nơi khác; hãy gửi lại danh sách.",
                            "A user name was taken meanwhile; send the list again.",
                        ),
                    )
                },
            )?;
            w.record(user.area_id, Item::created(Entity::User, user.id, user.fields())).await?;
            ids.push(user.id);
        }
        Ok(ids)
    })
    .await
}

/// What is done with many accounts.
pub enum Change<'a> {
    Disable,
    /// To another area, such as the successor of a split commune.
    Transfer(AreaId),
    /// New temporary passwords, by account.
    Passwords(&'a [(Uuid, String)]),
}

impl Change<'_> {
    fn action(&self) -> &'static str {
        match self {
            Self::Disable => "user.disable",
            Self::Transfer(_) => "user.transfer",
            Self::Passwords(_) => "user.password",
        }
    }
}

/// Changes all picked accounts of the caller's area or none; every refusal is named.
pub async fn change_all(
    db: &mut Conn,
    act: &Act,
    picks: &[Pick],
    change: &Change<'_>,
    reason: Option<&str>,
) -> Result<usize> {
    ledger::write(db, act, change.action(), async |w| {
        let seen = picked(w.db, &act.caller, picks).await?;
        let mut areas: Vec<AreaId> = seen.iter().map(|user| user.area_id).collect();
        if let Change::Transfer(to) = change {
            areas.push(*to);
        }
        w.lock(&areas).await?;
        if let Some(reason) = reason {
            w.because(reason);
        }
        let users = picked(w.db, &act.caller, picks).await?;
        check(&act.caller, &users, picks)?;
        for before in &users {
            one(w, before, change).await?;
        }
        Ok(users.len())
    })
    .await
}

async fn one(w: &mut Writer<'_>, before: &User, change: &Change<'_>) -> Result<()> {
    let mut after = before.clone();
    let mut told = (before.fields(), Fields::new());
    match change {
        Change::Disable => after.disabled = true,
        Change::Transfer(to) => after.area_id = *to,
        Change::Passwords(hashes) => {
            let hash = hashes.iter().find(|(id, _)| *id == before.id);
            after.password_hash = hash.ok_or_else(Error::not_found)?.1.clone();
            after.password_temporary = true;
        }
    }
    after.version = w.version(after.area_id)?;
    diesel::update(users::table.find(after.id)).set(&after).execute(w.db).await?;
    told.1 = after.fields();
    if let Change::Passwords(_) = change {
        told = (Fields::new(), Fields::new().plain("temporary", true));
    }
    if !matches!(change, Change::Transfer(_)) {
        session::end_all(w.db, after.id, None).await?;
    }
    let item = Item::changed(Entity::User, after.id, told.0, told.1);
    if after.area_id != before.area_id {
        w.record(before.area_id, item.clone()).await?;
    }
    w.record(after.area_id, item).await
}

async fn picked(db: &mut Conn, caller: &Caller, picks: &[Pick]) -> Result<Vec<User>> {
    let covered = area_scopes::table
        .filter(area_scopes::area_id.eq(caller.area))
        .select(area_scopes::covered_id);
    let ids: Vec<Uuid> = picks.iter().map(|(id, _)| *id).collect();
    Ok(users::table
        .filter(users::id.eq_any(ids).and(users::area_id.eq_any(covered)))
        .order(users::id)
        .for_update()
        .select(User::as_select())
        .load(db)
        .await?)
}

fn check(caller: &Caller, users: &[User], picks: &[Pick]) -> Result<()> {
    let mut errors = Vec::new();
    for (n, (id, version)) in picks.iter().enumerate() {
        let mut refuse = |code, vi: &'static str, en: &'static str| {
            errors.push(FieldError::new(format!("/users/{n}"), code, say(vi, en)));
        };
        match users.iter().find(|user| user.id == *id) {
            None => refuse("not_found", "Không tìm thấy tài khoản này.", "No such account."),
            Some(_) if *id == caller.id => refuse(
                "own_account",
                "Không thể tự khóa hoặc tự chuyển tài khoản của mình.",
                "Nobody does this to the own account.",
            ),
            Some(user) if user.is_country_administrator() => refuse(
                "country_administrator",
                "Quản trị viên toàn quốc chỉ sửa từng người.",
                "Administrators of the country are changed one by one.",
            ),
            Some(user) if user.version != *version => refuse(
                "stale_version",
                "Tài khoản đã được người khác sửa; hãy đọc lại.",
                "The account has been changed since; read it again.",
            ),
            Some(_) => {}
        }
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(Error::conflict(
        "users_refused",
        say(
            format!("{} tài khoản không xử lý được; chưa thay đổi gì.", errors.len()),
            format!("{} accounts were refused; nothing was changed.", errors.len()),
        ),
    )
    .with_errors(errors))
}
