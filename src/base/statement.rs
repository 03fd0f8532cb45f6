//! Statements written as SQL: each is prepared once for a connection, as those of the builder are.
//!
//! `diesel::sql_query` is planned anew each time it is sent. A statement's text must therefore hold no
//! values: they are bound, and a value that stands twice in the text is sent twice.

use std::borrow::Cow;
use std::marker::PhantomData;

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Untyped};

/// SQL with `$1`, `$2` … for the values bound to it.
pub struct Statement<'a> {
    sql: Cow<'static, str>,
    values: Vec<Box<dyn Value + Send + 'a>>,
}

/// A statement of fixed text, or of one of few texts.
pub fn statement<'a>(sql: impl Into<Cow<'static, str>>) -> Statement<'a> {
    Statement { sql: sql.into(), values: Vec::new() }
}

impl<'a> Statement<'a> {
    /// Goes on with more text.
    pub fn text(mut self, more: &str) -> Self {
        self.sql.to_mut().push_str(more);
        self
    }

    /// Goes on with a condition on a value, `{}` in its text, if there is one: ` and kind = {}`.
    pub fn when<ST, V>(self, condition: &str, value: Option<V>) -> Self
    where
        ST: Send + 'a,
        Pg: HasSqlType<ST>,
        V: ToSql<ST, Pg> + Send + 'a,
    {
        let Some(value) = value else { return self };
        let place = format!("${}", self.values.len() + 1);
        self.text(&condition.replace("{}", &place)).bind::<ST, V>(value)
    }

    /// Binds the next value as the SQL type `ST`.
    pub fn bind<ST, V>(mut self, value: V) -> Self
    where
        ST: Send + 'a,
        Pg: HasSqlType<ST>,
        V: ToSql<ST, Pg> + Send + 'a,
    {
        self.values.push(Box::new(Typed { value, sql_type: PhantomData::<ST> }));
        self
    }
}

/// A value that knows its SQL type.
trait Value {
    fn push<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()>;
}

struct Typed<ST, V> {
    value: V,
    sql_type: PhantomData<ST>,
}

impl<ST, V> Value for Typed<ST, V>
where
    Pg: HasSqlType<ST>,
    V: ToSql<ST, Pg>,
{
    fn push<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param::<ST, V>(&self.value)
    }
}

impl QueryFragment<Pg> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut rest = &*self.sql;
        while let Some(at) = rest.find('$') {
            let digits = rest[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
            let number: usize = rest[at + 1..at + 1 + digits].parse().unwrap_or(0);
            let value =
                number.checked_sub(1).and_then(|n| self.values.get(n)).ok_or_else(|| {
                    let text = format!("${number} of a statement has no value");
                    diesel::result::Error::QueryBuilderError(text.into())
                })?;
            out.push_sql(&rest[..at]);
            value.push(out.reborrow())?;
            rest = &rest[at + 1 + digits..];
        }
        out.push_sql(rest);
        Ok(())
    }
}

impl QueryId for Statement<'_> {
    type QueryId = ();
    // The cache of a connection knows it by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement<'_> {
    type SqlType = Untyped;
}
