//! Holders whose personal data was erased: they stay, nameless, and are changed no more.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::base::db::Conn;
use crate::base::error::{Error, Result, say};
use crate::base::schema::erasures;

/// What stands in place of a name that was erased.
pub const NAMELESS: &str = "(đã xóa dữ liệu cá nhân)";

/// 409 if any of these was erased.
pub async fn refuse_erased(db: &mut Conn, holders: &[Uuid]) -> Result<()> {
    let erased: i64 =
        erasures::table.filter(erasures::holder_id.eq_any(holders)).count().get_result(db).await?;
    if erased == 0 {
        return Ok(());
    }
    Err(Error::conflict(
        "holder_erased",
        say(
            "Dữ liệu cá nhân của đối tượng đã được xóa nên không sửa được nữa.",
            "The personal data of the holder was erased: it is changed no more.",
        ),
    ))
}
