//! The question of an export: the filters of a list without its pages, and the form of the file.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::http::header::{ACCEPT, HeaderName};
use actix_web::{FromRequest, HttpRequest};
use serde::Deserialize;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::Format;
use crate::base::error::{Error, FieldError, Result, say};
use crate::wire::input::{Input, read_query};
use crate::wire::reply::Coding;

/// `T` is the query of the list that is exported.
pub struct Asked<T> {
    pub question: T,
    pub form: Form,
}

/// How the file is written.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    pub format: Format,
    pub bom: bool,
    pub coding: Coding,
}

#[derive(Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Options {
    /// The form of the file; `Accept` says it too. CSV if neither does.
    format: Option<Format>,
    /// True adds the mark by which Excel knows that a CSV file is UTF-8.
    bom: Option<bool>,
}

/// Parameters of lists that no export takes: pages, and names, which would stay in its manifest.
const LEFT_OUT: [&str; 4] = ["limit", "cursor", "count", "q"];

impl<T: Input> FromRequest for Asked<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request))
    }
}

fn read<T: Input>(request: &HttpRequest) -> Result<Asked<T>> {
    let (mut options, mut question) = (pairs(), pairs());
    let mut errors = Vec::new();
    for (name, value) in form_urlencoded::parse(request.query_string().as_bytes()) {
        if LEFT_OUT.contains(&&*name) {
            errors.push(FieldError::new(
                format!("?{name}"),
                "parameter",
                say("Khi xuất dữ liệu không dùng tham số này.", "An export does not take this."),
            ));
        }
        let side = if matches!(&*name, "format" | "bom") { &mut options } else { &mut question };
        side.append_pair(&name, &value);
    }
    if !errors.is_empty() {
        return Err(Error::invalid(errors));
    }
    let Options { format, bom } = read_query(&options.finish())?;
    let format = format.unwrap_or_else(|| Format::of_accept(header(request, ACCEPT)));
    // A workbook is compressed in itself.
    let coding = match format {
        Format::Xlsx => Coding::Identity,
        _ => Coding::of(request),
    };
    let form = Form { format, bom: bom == Some(true), coding };
    Ok(Asked { question: read_query(&question.finish())?, form })
}

fn pairs() -> form_urlencoded::Serializer<'static, String> {
    form_urlencoded::Serializer::new(String::new())
}

fn header(request: &HttpRequest, name: HeaderName) -> &str {
    request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// What the contract says of [`Asked`].
pub struct Params<T>(PhantomData<T>);

impl<T: IntoParams> IntoParams for Params<T> {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = T::into_params(&place);
        let options = Options::into_params(&place);
        parameters.retain(|parameter| {
            !LEFT_OUT.contains(&&*parameter.name)
                && options.iter().all(|o| o.name != parameter.name)
        });
        parameters.extend(options);
        parameters
    }
}
