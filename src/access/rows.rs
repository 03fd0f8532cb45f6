//! Whether the account of a token still is what the token says.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Caller;
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::schema::{service_accounts, sessions, users};

/// The caller of a verified token as its account now is; none if it no longer is what the token says.
pub async fn active(db: &mut Conn, caller: &Caller) -> Result<Option<Caller>> {
    let Some(session) = caller.session else {
        let found = service_accounts::table
            .filter(service_accounts::id.eq(caller.id))
            .filter(service_accounts::area_id.eq(caller.area))
            .filter(service_accounts::disabled.eq(false));
        let active = diesel::select(diesel::dsl::exists(found)).get_result(db).await?;
        return Ok(Some(caller.clone()).filter(|_| active));
    };
    let temporary = users::table
        .inner_join(sessions::table)
        .filter(users::id.eq(caller.id).and(users::disabled.eq(false)))
        .filter(users::role.eq(caller.role).and(users::area_id.eq(caller.area)))
        .filter(sessions::id.eq(session).and(sessions::ended_at.is_null()))
        .filter(sessions::expires_at.gt(chrono::Utc::now()))
        .select(users::password_temporary)
        .first(db)
        .await
        .optional()?;
    Ok(temporary.map(|password_temporary| Caller { password_temporary, ..caller.clone() }))
}
