//! Bulk loading by COPY, over a connection of its own.

use std::pin::Pin;

use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::staged::Staged;
use crate::base::db;
use crate::base::error::{Error, Result};

/// The staging of one list: all of its rows, or none.
pub struct Stage {
    import: Uuid,
    writer: Pin<Box<BinaryCopyInWriter>>,
    /// The connection lasts as long as this.
    _client: tokio_postgres::Client,
}

impl Stage {
    pub async fn begin(url: &str, import: Uuid) -> Result<Self> {
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
        let writer = Box::pin(BinaryCopyInWriter::new(sink, &types));
        Ok(Self { import, writer, _client: client })
    }

    pub async fn add(&mut self, row: &Staged) -> Result<()> {
        let values: [&(dyn ToSql + Sync); 10] = [
            &self.import,
            &row.n,
            &row.sheet,
            &row.row_number,
            &row.state(),
            &row.holder_id,
            &row.is_new,
            &row.sealed,
            &row.errors,
            &row.notes,
        ];
        self.writer.as_mut().write(&values).await.map_err(Error::internal)
    }

    pub async fn end(mut self) -> Result<()> {
        self.writer.as_mut().finish().await.map_err(Error::internal)?;
        Ok(())
    }
}
