//! Bulk loading by COPY, over a connection of its own.

use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use crate::base::db;
use crate::base::error::{Error, Result};

/// A row as it is staged.
pub struct Staged {
    pub n: i32,
    pub sheet: String,
    pub row_number: i32,
    pub state: &'static str,
    pub holder_id: Option<Uuid>,
    pub is_new: bool,
    pub sealed: Vec<u8>,
    pub errors: Option<Vec<u8>>,
    pub notes: Option<Vec<u8>>,
}

/// Loads all rows of an import into staging, or none; each is made when its turn comes.
pub async fn stage(
    url: &str,
    import: Uuid,
    rows: impl Iterator<Item = Result<Staged>>,
) -> Result<()> {
    let client = db::copy_client(url).await?;
    let sink = client
        .copy_in(
            "copy import_rows (import_id, n, sheet, row_number, state, holder_id, is_new, sealed,
                               errors, notes) from stdin binary",
        )
        .await
        .map_err(Error::internal)?;
    let types = [
        Type::UUID,
        Type::INT4,
        Type::TEXT,
        Type::INT4,
        Type::TEXT,
        Type::UUID,
        Type::BOOL,
        Type::BYTEA,
        Type::BYTEA,
        Type::BYTEA,
    ];
    let mut writer = std::pin::pin!(BinaryCopyInWriter::new(sink, &types));
    for row in rows {
        let row = row?;
        let values: [&(dyn ToSql + Sync); 10] = [
            &import,
            &row.n,
            &row.sheet,
            &row.row_number,
            &row.state,
            &row.holder_id,
            &row.is_new,
            &row.sealed,
            &row.errors,
            &row.notes,
        ];
        writer.as_mut().write(&values).await.map_err(Error::internal)?;
    }
    writer.finish().await.map_err(Error::internal)?;
    Ok(())
}
