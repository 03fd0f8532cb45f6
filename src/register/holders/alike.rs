//! Before a holder is saved: who it may be already, here and in the rest of the country.

use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use super::rows::Holder;
use crate::areas::{AreaId, Areas};
use crate::base::clock::today;
use crate::base::db::Conn;
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::kind::Kind;
use crate::base::statement::statement;

#[derive(QueryableByName)]
struct Near {
    #[diesel(sql_type = Text)]
    code: String,
}

#[derive(QueryableByName)]
struct Elsewhere {
    #[diesel(sql_type = Integer)]
    area_id: i32,
}

/// How like two keys of names must be to belong to one name, misspelt.
pub const NEAR: f32 = 0.6;

/// 409 with the codes of those it may be and, for people, the communes to ask. Who has a number of
/// its own cannot be somebody else who has one.
pub async fn refuse_alike(
    db: &mut Conn,
    areas: &Areas,
    scope: AreaId,
    new: &Holder,
    numbered: bool,
) -> Result<()> {
    let mut errors = Vec::new();
    for near in near(db, scope, new, numbered).await? {
        errors.push(FieldError::new(
            "/name",
            "candidate",
            say(
                format!("Có thể là đối tượng mang mã {}.", near.code),
                format!("May be the holder with the code {}.", near.code),
            ),
        ));
    }
    if new.kind == Kind::Citizen {
        for found in elsewhere(db, scope, new, numbered).await? {
            let commune = areas.name(areas.chain(found.area_id, None), today());
            errors.push(FieldError::new(
                "/name",
                "elsewhere",
                say(
                    format!("Có người cùng tên, cùng năm sinh ở {commune}; hãy hỏi xã đó."),
                    format!("Somebody of this name and age is registered in {commune}: ask there."),
                ),
            ));
        }
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(Error::conflict(
        "probable_duplicate",
        say(
            "Có thể đối tượng này đã có trong sổ bộ; nếu thật là người khác, gửi lại với \
             confirm_new: true.",
            "The holder may be in the register already; if it is another, send confirm_new: true.",
        ),
    )
    .with_errors(errors))
}

async fn near(db: &mut Conn, scope: AreaId, new: &Holder, numbered: bool) -> Result<Vec<Near>> {
    // Two ways to the same index scans: the same name in the area, a near one in the hamlet.
    Ok(statement(format!(
        "select h.code from holders h
         where h.kind = $1
           and h.area_id in (select covered_id from area_scopes where area_id = $2)
           and ({number_free})
           and (h.search_key = $3
                    and (h.birth_year = $4
                         or h.hamlet_id is not distinct from $5
                            and (h.birth_year is null or $4 is null))
                or h.hamlet_id = $5 and h.birth_year = $4 and h.search_key <> $3
                    and similarity(h.search_key, $3) >= {NEAR})
         order by h.search_key <> $3, h.id limit 5",
        number_free = number_free(numbered)
    ))
    .bind::<Text, _>(new.kind)
    .bind::<Integer, _>(scope)
    .bind::<Text, _>(&new.search_key)
    .bind::<Nullable<SmallInt>, _>(new.birth_year)
    .bind::<Nullable<SqlUuid>, _>(new.hamlet_id)
    .load(db)
    .await?)
}

/// The communes outside the caller's area in which somebody of this name, birth and sex stands.
async fn elsewhere(
    db: &mut Conn,
    scope: AreaId,
    new: &Holder,
    numbered: bool,
) -> Result<Vec<Elsewhere>> {
    let text = |field: &str| new.details[field].as_str().map(str::to_owned);
    Ok(statement(format!(
        "select distinct h.area_id from holders h
         where h.kind = $1 and h.search_key = $2 and h.birth_year = $3
           and coalesce(h.details->>'birth_date', $4, '') = coalesce($4, h.details->>'birth_date', '')
           and coalesce(h.details->>'sex', $5, '') = coalesce($5, h.details->>'sex', '')
           and h.area_id not in (select covered_id from area_scopes where area_id = $6)
           and ({number_free})
         order by h.area_id limit 5",
        number_free = number_free(numbered)
    ))
    .bind::<Text, _>(new.kind)
    .bind::<Text, _>(&new.search_key)
    .bind::<Nullable<SmallInt>, _>(new.birth_year)
    .bind::<Nullable<Text>, _>(text("birth_date"))
    .bind::<Nullable<Text>, _>(text("sex"))
    .bind::<Integer, _>(scope)
    .load(db)
    .await?)
}

fn number_free(numbered: bool) -> &'static str {
    if numbered {
        "not exists (select from holder_identifiers i
                     where i.holder_id = h.id and i.scheme <> 'household_head')"
    } else {
        "true"
    }
}
