//! Correcting a title on the wire.

use actix_web::post;
use actix_web::web::{Data, Path};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::api::{key, read};
use super::body::TitleBody;
use super::correct::{self, Correction};
use crate::auth::allow::{Allow, CorrectTitles};
use crate::criteria::Score;
use crate::error::Result;
use crate::input::{IfMatch, Json};
use crate::kind::{Level, Year};
use crate::reply::Versioned;
use crate::state::State;

/// What is right in truth; what is left out stays.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TitleCorrection {
    #[schema(example = "Đăng ký nhầm năm")]
    #[validate(length(min = 1, max = 1000))]
    reason: String,
    /// The title moves to this year with all that belongs to it.
    year: Option<Year>,
    /// The title moves to this level with all that belongs to it.
    level: Option<Level>,
    /// After it was verified, before it is decided.
    own_score: Option<Score>,
    verified_score: Option<Score>,
}

/// Correct a year or level entered wrongly, or a score after it was verified.
#[utoipa::path(tag = "titles", security(("bearer" = [])), params(("id" = String, Path, example = "K7M-3QX-9TD"), ("year" = Year, Path), ("level" = Level, Path), IfMatch))]
#[post("/holders/{id}/titles/{year}/{level}/correct")]
pub async fn correct_title(
    state: Data<State>,
    user: Allow<CorrectTitles>,
    path: Path<(String, String, String)>,
    version: IfMatch,
    json: Json<TitleCorrection>,
) -> Result<Versioned<TitleBody>> {
    let (areas, act) = (state.areas(), user.act(&json));
    let new = json.into_inner();
    let correction = Correction {
        year: new.year,
        level: new.level,
        own: new.own_score,
        verified: new.verified_score,
    };
    let mut db = state.db().await?;
    let key = key(&mut db, &user, &path).await?;
    let key =
        correct::correct(&mut db, &act, &areas, key, version, &correction, &new.reason).await?;
    read(&state, &mut db, &user, key).await
}
