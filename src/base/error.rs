//! The one error and its one form on the wire: RFC 9457 problem details in Vietnamese or English.

use std::borrow::Cow;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use diesel::result::{DatabaseErrorKind, Error as DbError};
use serde::Serialize;
use utoipa::ToSchema;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What goes wrong: the caller's part, which is explained, or ours, which is logged.
#[derive(Debug)]
pub enum Error {
    Problem(Box<Problem>),
    Database(DbError),
    /// No connection, a closed channel, a failed file: nothing that the caller could mend.
    Internal(String),
}

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq)]
pub struct Say {
    pub vi: Cow<'static, str>,
    pub en: Cow<'static, str>,
}

/// `say("Không tìm thấy.", "Not found.")`; both may be formatted.
pub fn say(vi: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Say {
    Say { vi: vi.into(), en: en.into() }
}

/// What the caller is told.
#[derive(Debug, Clone)]
pub struct Problem {
    pub status: StatusCode,
    /// Stable, snake_case: what programs compare.
    pub code: &'static str,
    pub detail: Say,
    pub errors: Vec<FieldError>,
    /// Sent with 412: the ETag that holds now.
    pub etag: Option<String>,
    /// Seconds until it is worth trying again, sent with 429 and 503.
    pub retry_after: Option<u64>,
}

/// One thing that is wrong in a body (JSON pointer) or a parameter (`?name`).
#[derive(Debug, Clone, PartialEq)]
pub struct FieldError {
    pub pointer: String,
    pub code: &'static str,
    pub detail: Say,
}

impl FieldError {
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: Say) -> Self {
        Self { pointer: pointer.into(), code, detail }
    }
}

impl Error {
    pub fn problem(status: StatusCode, code: &'static str, detail: Say) -> Self {
        Self::Problem(Box::new(Problem {
            status,
            code,
            detail,
            errors: Vec::new(),
            etag: None,
            retry_after: None,
        }))
    }

    /// 400: the request itself cannot be read.
    pub fn bad_request(code: &'static str, detail: Say) -> Self {
        Self::problem(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401 without a word on what was nearly right.
    pub fn unauthorized(code: &'static str, detail: Say) -> Self {
        Self::problem(StatusCode::UNAUTHORIZED, code, detail)
    }

    /// 403: the caller may see the thing but not do this.
    pub fn forbidden(code: &'static str, detail: Say) -> Self {
        Self::problem(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404: it does not exist, or the caller may not know that it does.
    pub fn not_found() -> Self {
        Self::problem(
            StatusCode::NOT_FOUND,
            "not_found",
            say(
                "Không tìm thấy, hoặc tài khoản này không được xem.",
                "Not found, or not visible to this account.",
            ),
        )
    }

    /// 409: right in itself, but not in the present state.
    pub fn conflict(code: &'static str, detail: Say) -> Self {
        Self::problem(StatusCode::CONFLICT, code, detail)
    }

    /// 422 with all that is wrong.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        Self::unprocessable(
            "invalid",
            say(
                format!("Có {} chỗ cần sửa; xem danh sách lỗi kèm theo.", errors.len()),
                format!("{} things need correcting; see errors.", errors.len()),
            ),
        )
        .with_errors(errors)
    }

    /// 422 for one thing.
    pub fn invalid_field(pointer: impl Into<String>, code: &'static str, detail: Say) -> Self {
        Self::invalid(vec![FieldError::new(pointer, code, detail)])
    }

    pub fn unprocessable(code: &'static str, detail: Say) -> Self {
        Self::problem(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    pub fn internal(what: impl fmt::Display) -> Self {
        Self::Internal(what.to_string())
    }

    /// Whether trying the same transaction again may succeed.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database(DbError::DatabaseError(kind, info)) => {
                matches!(kind, DatabaseErrorKind::SerializationFailure)
                    || info.message().contains("deadlock detected")
            }
            _ => false,
        }
    }

    /// `errors` beside the detail of a problem.
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        if let Self::Problem(problem) = &mut self {
            problem.errors = errors;
        }
        self
    }

    pub fn with_etag(mut self, etag: String) -> Self {
        if let Self::Problem(problem) = &mut self {
            problem.etag = Some(etag);
        }
        self
    }

    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        if let Self::Problem(problem) = &mut self {
            problem.retry_after = Some(seconds);
        }
        self
    }

    /// The problem the caller is told; what is ours is logged here, once, and told as 500.
    pub fn to_problem(&self) -> Problem {
        match self {
            Self::Problem(problem) => (**problem).clone(),
            Self::Database(DbError::NotFound) => Self::not_found().to_problem(),
            Self::Database(DbError::DatabaseError(kind, info)) => database_problem(kind, &**info),
            Self::Database(error) => unexpected(error),
            Self::Internal(what) => unexpected(what),
        }
    }
}

/// A constraint that no query named is a mistake of ours, yet the fault lies in the data: 422.
fn database_problem(
    kind: &DatabaseErrorKind,
    info: &dyn diesel::result::DatabaseErrorInformation,
) -> Problem {
    let constraint = info.constraint_name();
    match kind {
        DatabaseErrorKind::UniqueViolation
        | DatabaseErrorKind::ForeignKeyViolation
        | DatabaseErrorKind::CheckViolation
        | DatabaseErrorKind::NotNullViolation => {
            tracing::error!(constraint, table = info.table_name(), "unmapped constraint");
            Error::unprocessable(
                "constraint",
                say("Dữ liệu không phù hợp với sổ bộ.", "The data does not fit the register."),
            )
            .to_problem()
        }
        _ if info.message().contains("canceling statement due to statement timeout") => {
            Error::problem(
                StatusCode::SERVICE_UNAVAILABLE,
                "too_slow",
                say("Máy chủ đang bận, xin thử lại.", "The server is busy; try again."),
            )
            .with_retry_after(5)
            .to_problem()
        }
        _ => unexpected(info.message()),
    }
}

fn unexpected(what: impl fmt::Display) -> Problem {
    tracing::error!(error = %what, "internal error");
    Problem {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        code: "internal",
        detail: say(
            "Máy chủ gặp lỗi; lỗi đã được ghi lại.",
            "The server failed; the failure has been logged.",
        ),
        errors: Vec::new(),
        etag: None,
        retry_after: None,
    }
}

/// Turns a violated constraint into a client error where the query is.
pub trait OnConstraint<T> {
    fn on_constraint(self, name: &str, error: impl FnOnce() -> Error) -> Result<T>;
}

impl<T, E: Into<Error>> OnConstraint<T> for std::result::Result<T, E> {
    fn on_constraint(self, name: &str, error: impl FnOnce() -> Error) -> Result<T> {
        self.map_err(|e| match e.into() {
            Error::Database(DbError::DatabaseError(_, info))
                if info.constraint_name() == Some(name) =>
            {
                error()
            }
            other => other,
        })
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problem(problem) => {
                write!(f, "{}: {}", problem.code, problem.detail.en)?;
                for error in &problem.errors {
                    write!(f, "; {} {}", error.pointer, error.detail.en)?;
                }
                Ok(())
            }
            Self::Database(error) => error.fmt(f),
            Self::Internal(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Error {}

/// Languages of sentences to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    Vi,
    En,
}

impl Lang {
    /// The one of vi and en that an Accept-Language header names first.
    pub fn of_header(header: Option<&str>) -> Self {
        let first = header.unwrap_or("").split(',').map(|tag| tag.trim().to_ascii_lowercase());
        match first
            .filter_map(|tag| tag.get(..2).map(str::to_owned))
            .find(|t| t == "en" || t == "vi")
        {
            Some(tag) if tag == "en" => Self::En,
            _ => Self::Vi,
        }
    }
}

impl Say {
    pub fn speak(&self, lang: Lang) -> &str {
        match lang {
            Lang::Vi => &self.vi,
            Lang::En => &self.en,
        }
    }
}

impl Problem {
    /// The answer itself.
    pub fn render(&self, lang: Lang, instance: &str, request_id: uuid::Uuid) -> HttpResponse {
        let body = ProblemBody {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: self.detail.speak(lang).to_owned(),
            instance: instance.to_owned(),
            request_id: request_id.to_string(),
            errors: self
                .errors
                .iter()
                .map(|error| FieldErrorBody {
                    pointer: error.pointer.clone(),
                    code: error.code.to_owned(),
                    detail: error.detail.speak(lang).to_owned(),
                })
                .collect(),
        };
        let mut response = HttpResponse::build(self.status);
        response.content_type("application/problem+json");
        response.insert_header(("cache-control", "no-store"));
        response.insert_header(("content-language", if lang == Lang::En { "en" } else { "vi" }));
        if let Some(etag) = &self.etag {
            response.insert_header(("etag", etag.as_str()));
        }
        if let Some(seconds) = self.retry_after {
            response.insert_header(("retry-after", seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header(("www-authenticate", "Bearer"));
        }
        response.body(serde_json::to_vec(&body).unwrap_or_default())
    }
}

/// Complete in Vietnamese; `web::outermost` writes it again in the request's language.
impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Problem(problem) => problem.status,
            other => other.to_problem().status,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let problem = self.to_problem();
        let mut response = problem.render(Lang::Vi, "", uuid::Uuid::now_v7());
        response.extensions_mut().insert(problem);
        response
    }
}

/// RFC 9457 problem details, `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Always `about:blank`: `code` tells the problems apart.
    #[schema(example = "about:blank")]
    pub r#type: &'static str,
    /// The status in words.
    #[schema(example = "Unprocessable Entity")]
    pub title: String,
    #[schema(example = 422)]
    pub status: u16,
    /// Stable name of the problem.
    #[schema(example = "invalid")]
    pub code: String,
    /// What is wrong and how to mend it, in the language of `Accept-Language` (vi or en).
    #[schema(example = "Có 1 chỗ cần sửa; xem danh sách lỗi kèm theo.")]
    pub detail: String,
    /// The path that was asked.
    pub instance: String,
    /// The id under which the request was logged.
    pub request_id: String,
    /// Everything that is wrong, all at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldErrorBody>,
}

/// One thing to correct.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FieldError)]
pub struct FieldErrorBody {
    /// A JSON pointer into the body, or `?name` for a query parameter.
    #[schema(example = "/name")]
    pub pointer: String,
    #[schema(example = "required")]
    pub code: String,
    #[schema(example = "Thiếu mục này.")]
    pub detail: String,
}

/// Gives the errors of this module to every operation: its own documents them once.
impl utoipa::IntoResponses for Error {
    fn responses()
    -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
        // Which statuses an operation can answer is worked out in `app::openapi`.
        Default::default()
    }
}
