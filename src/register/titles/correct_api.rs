//! Correcting a title on the wire.

use actix_web::post;
use actix_web::web::{Data, Path};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::api::{key, read};
use super::body::TitleBody;
use super::correct::{self, Correction};
use crate::access::allow::{Allow, CorrectTitles};
use crate::access::state::State;
use crate::base::error::Result;
use crate::base::kind::{Level, Year};
use crate::register::criteria::Score;
use crate::wire::input::{IfMatch, Json};
use crate::wire::reply::Versioned;

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

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(correct_title);
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
