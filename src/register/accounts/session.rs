//! Log-in, rotation of refresh tokens, throttling: what happens to sessions in the database.

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;

use super::rows::User;
use super::{secret, secret_digest};
use crate::access::Caller;
use crate::base::db::Conn;
use crate::base::error::{Error, Result, say};
use crate::base::schema::{login_failures, refresh_tokens, sessions, users};

/// How long a session lives without log-in.
const SESSION: Duration = Duration::days(30);
const WINDOW: Duration = Duration::minutes(15);
const FAILURES_PER_NAME: i64 = 5;
const FAILURES_PER_ADDRESS: i64 = 50;

/// A session that was begun or went on, with its new refresh token.
pub struct Started {
    pub user: User,
    pub session: Uuid,
    pub refresh_token: String,
}

/// Begins a session for a user whose password was right.
pub async fn start(db: &mut Conn, user: User) -> Result<Started> {
    db.transaction(async |db| {
        let session = Uuid::now_v7();
        diesel::insert_into(sessions::table)
            .values((
                sessions::id.eq(session),
                sessions::user_id.eq(user.id),
                sessions::expires_at.eq(Utc::now() + SESSION),
            ))
            .execute(db)
            .await?;
        let refresh_token = add_token(db, session).await?;
        Ok(Started { user, session, refresh_token })
    })
    .await
}

async fn add_token(db: &mut Conn, session: Uuid) -> Result<String> {
    let token = secret();
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::digest.eq(secret_digest(&token)),
            refresh_tokens::session_id.eq(session),
        ))
        .execute(db)
        .await?;
    Ok(token)
}

/// Exchanges a refresh token for the next. One that was used before was stolen by somebody: its
/// session ends for thief and owner alike.
pub async fn refresh(db: &mut Conn, token: &str) -> Result<Started> {
    let outcome = db
        .transaction(async |db| {
            let found: Option<(Uuid, Option<DateTime<Utc>>)> = refresh_tokens::table
                .find(secret_digest(token))
                .select((refresh_tokens::session_id, refresh_tokens::used_at))
                .for_update()
                .first(db)
                .await
                .optional()?;
            let Some((session, used)) = found else { return Ok(None) };
            if used.is_some() {
                end(db, session).await?;
                return Ok(Some(None));
            }
            let user: Option<User> = users::table
                .inner_join(sessions::table)
                .filter(sessions::id.eq(session).and(sessions::ended_at.is_null()))
                .filter(sessions::expires_at.gt(Utc::now()).and(users::disabled.eq(false)))
                .select(User::as_select())
                .first(db)
                .await
                .optional()?;
            let Some(user) = user else { return Ok(None) };
            diesel::update(refresh_tokens::table.find(secret_digest(token)))
                .set(refresh_tokens::used_at.eq(Utc::now()))
                .execute(db)
                .await?;
            let refresh_token = add_token(db, session).await?;
            Ok::<_, Error>(Some(Some(Started { user, session, refresh_token })))
        })
        .await?;
    match outcome {
        Some(Some(started)) => Ok(started),
        Some(None) => Err(Error::unauthorized(
            "refresh_token_reused",
            say(
                "Mã làm mới này đã dùng rồi; phiên đã bị đóng, hãy đăng nhập lại.",
                "This refresh token was used before; its session has been ended. Log in again.",
            ),
        )),
        None => Err(Error::unauthorized(
            "refresh_token_invalid",
            say("Phiên đã kết thúc; hãy đăng nhập lại.", "The session has ended; log in again."),
        )),
    }
}

pub async fn end(db: &mut Conn, session: Uuid) -> Result<()> {
    diesel::update(sessions::table.find(session).filter(sessions::ended_at.is_null()))
        .set(sessions::ended_at.eq(Utc::now()))
        .execute(db)
        .await?;
    Ok(())
}

/// Ends the sessions of a user, but for the one that is kept.
pub async fn end_all(db: &mut Conn, user: Uuid, keep: Option<Uuid>) -> Result<()> {
    diesel::update(sessions::table)
        .filter(sessions::user_id.eq(user).and(sessions::ended_at.is_null()))
        .filter(sessions::id.ne(keep.unwrap_or_default()))
        .set(sessions::ended_at.eq(Utc::now()))
        .execute(db)
        .await?;
    Ok(())
}

/// Refuses with 429 while too many log-ins failed for the name or from the address.
pub async fn throttle(db: &mut Conn, name: &[u8], address: &[u8]) -> Result<()> {
    for (subject, most) in [(name, FAILURES_PER_NAME), (address, FAILURES_PER_ADDRESS)] {
        let recent: Vec<DateTime<Utc>> = login_failures::table
            .filter(login_failures::subject.eq(subject))
            .filter(login_failures::at.gt(Utc::now() - WINDOW))
            .order(login_failures::at.desc())
            .limit(most)
            .select(login_failures::at)
            .load(db)
            .await?;
        if let (true, Some(oldest)) = (recent.len() as i64 == most, recent.last()) {
            let wait = (*oldest + WINDOW - Utc::now()).num_seconds().max(1) as u64;
            return Err(Error::problem(
                actix_web::http::StatusCode::TOO_MANY_REQUESTS,
                "too_many_failures",
                say(
                    format!("Đăng nhập sai quá nhiều lần; hãy thử lại sau {} phút.", wait / 60 + 1),
                    format!("Too many failed log-ins; try again in {} minutes.", wait / 60 + 1),
                ),
            )
            .with_retry_after(wait));
        }
    }
    Ok(())
}

pub async fn note_failure(db: &mut Conn, name: &[u8], address: &[u8]) -> Result<()> {
    let rows: Vec<_> = [name, address]
        .into_iter()
        .map(|subject| (login_failures::id.eq(Uuid::now_v7()), login_failures::subject.eq(subject)))
        .collect();
    diesel::insert_into(login_failures::table).values(rows).execute(db).await?;
    Ok(())
}

pub async fn forget_failures(db: &mut Conn, name: &[u8]) -> Result<()> {
    diesel::delete(login_failures::table.filter(login_failures::subject.eq(name)))
        .execute(db)
        .await?;
    Ok(())
}

impl Started {
    pub fn caller(&self) -> Caller {
        self.user.caller(Some(self.session))
    }
}
