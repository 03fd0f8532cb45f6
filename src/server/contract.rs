//! The contract: what every operation shares is written into it here, once.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, web};
use utoipa::openapi::path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, OpenApi as Document, Ref, RefOr, Required, Response, ResponseBuilder,
};
use utoipa::{IntoParams, OpenApi, PartialSchema, ToSchema};
use utoipa_actix_web::AppExt;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::routes::routes;
use crate::base::error::{FieldErrorBody, ProblemBody};
use crate::wire::input::IfMatch;
use crate::wire::reply;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "hoctap",
        version = "1",
        description = "The register of Vietnam's learning titles 2021–2030: families, clans, \
                       communities, units and citizens, their assessment, decisions, figures and proof.",
        license(name = "MIT", identifier = "MIT")
    ),
    tags(
        (name = "accounts", description = "Log-in and accounts"),
        (name = "areas", description = "The areas of the country, for any day"),
        (name = "hamlets", description = "The hamlets of a commune"),
        (name = "holders", description = "Who holds titles"),
        (name = "people", description = "What people ask of the register, and how long it remembers"),
        (name = "moves", description = "Who left one commune for another"),
        (name = "titles", description = "Titles and the steps of their life"),
        (name = "criteria", description = "What titles ask"),
        (name = "decisions", description = "Recognising, declining, revoking"),
        (name = "imports", description = "Lists from Excel"),
        (name = "rounds", description = "Deadlines, and who is overdue"),
        (name = "totals", description = "What rates are taken of, and closings"),
        (name = "statistics", description = "Figures"),
        (name = "exports", description = "Figures and records to take away"),
        (name = "audit", description = "What was changed, by whom, and the proof"),
        (name = "server", description = "The server itself"),
    ),
    // What only queries refer to, which utoipa does not gather.
    components(schemas(
        crate::register::account_lists::slips::SlipForm,
        crate::register::holders::api::Exact,
        crate::acts::imports::files::Format,
        crate::acts::moves::Direction,
        crate::acts::people::api::Form,
        crate::acts::retention::Class,
        crate::figures::statistics::question::Interval,
        crate::register::titles::list_api::OwnPart,
    ))
)]
struct Contract;

/// The contract, generated from the routes.
pub fn openapi() -> Document {
    let (_, document) = App::new()
        .into_utoipa_app()
        .openapi(Contract::openapi())
        .configure(routes)
        .split_for_parts();
    complete(document)
}

/// Adds the schemas of answers, the security scheme, and the errors that follow from what an
/// operation takes.
fn complete(mut document: Document) -> Document {
    let components = document.components.get_or_insert_default();
    components.security_schemes.insert(
        "bearer".to_owned(),
        RefOr::T(SecurityScheme::Http(
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build(),
        )),
    );
    for (name, schema) in reply::take_schemas() {
        components.schemas.entry(name).or_insert(schema);
    }
    components.schemas.insert("Problem".to_owned(), ProblemBody::schema());
    let mut below = Vec::new();
    ProblemBody::schemas(&mut below);
    components.schemas.insert(FieldErrorBody::name().into_owned(), FieldErrorBody::schema());
    components.schemas.extend(below);
    for (_, name, description) in PROBLEMS {
        components.responses.insert((*name).to_owned(), RefOr::T(problem(description)));
    }
    for (path, item) in &mut document.paths.paths {
        let operations = [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Put, &mut item.put),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Patch, &mut item.patch),
            (HttpMethod::Delete, &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                describe(path, &method, operation);
            }
        }
    }
    document
}

fn describe(path: &str, method: &HttpMethod, operation: &mut Operation) {
    let secured = operation.security.is_some();
    let writes = !matches!(method, HttpMethod::Get);
    if matches!(path, "/healthz" | "/metrics") || path.starts_with("/.well-known/") {
        return;
    }
    if matches!(method, HttpMethod::Post) && secured {
        let key = header(
            "Idempotency-Key",
            "The same key and body lead to the same result for 24 hours",
            Required::False,
        );
        operation.parameters.get_or_insert_default().push(RefOr::T(key));
    }
    let parameters = operation.parameters.as_deref().unwrap_or_default();
    let has = |wanted: fn(&Parameter) -> bool| {
        parameters.iter().any(|p| matches!(p, RefOr::T(parameter) if wanted(parameter)))
    };
    let mut statuses = vec!["500", "503"];
    if path.starts_with("/api") {
        statuses.extend(["401", "429"]);
    }
    if secured {
        statuses.push("403");
    }
    if writes || has(|p| p.parameter_in == ParameterIn::Path || p.name == "area") {
        statuses.push("404");
    }
    if writes || !parameters.is_empty() {
        statuses.extend(["400", "422"]);
    }
    if writes {
        statuses.extend(["409", "413", "415"]);
    }
    if has(|p| p.name == IF_MATCH) {
        statuses.extend(["412", "428"]);
    }
    for (status, name, _) in PROBLEMS.iter().filter(|(status, ..)| statuses.contains(status)) {
        let shared = RefOr::Ref(Ref::from_response_name(*name));
        operation.responses.responses.entry((*status).to_owned()).or_insert(shared);
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.required = Some(Required::True);
    }
}

const IF_MATCH: &str = "If-Match";

/// The problems that operations share: status, name, what it means.
const PROBLEMS: &[(&str, &str, &str)] = &[
    ("400", "Unreadable", "The request cannot be read"),
    ("401", "Unauthorized", "No valid access token or credentials"),
    ("403", "Forbidden", "The role may not do this, or not here"),
    ("404", "NotFound", "Not found, or not visible to the caller"),
    ("409", "Conflict", "Not possible in the present state"),
    ("412", "Stale", "Changed since the version in If-Match, or no version of a record in it"),
    ("413", "TooLarge", "Too large"),
    ("415", "UnsupportedMediaType", "Not the expected media type"),
    ("422", "Invalid", "What is wrong, all of it at once"),
    ("428", "IfMatchMissing", "If-Match is missing"),
    ("429", "TooManyRequests", "Too many requests"),
    ("500", "Failed", "The server failed"),
    ("503", "Busy", "The server is busy"),
];

fn problem(description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content)
        .build()
}

fn header(name: &str, description: &str, required: Required) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(required)
        .description(Some(description))
        .schema(Some(Object::with_type(Type::String)))
        .build()
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let meaning = "The ETag of what is changed, as it was read; needed unless nothing changes";
        vec![header(IF_MATCH, meaning, Required::False)]
    }
}

/// The methods that some route takes at this path.
pub fn methods_of(path: &str) -> Vec<&'static str> {
    static ROUTES: LazyLock<Vec<(String, BTreeSet<&'static str>)>> =
        LazyLock::new(|| methods(&openapi()));
    let matches = |template: &str| {
        let (mut given, mut wanted) = (path.split('/'), template.split('/'));
        loop {
            match (given.next(), wanted.next()) {
                (None, None) => return true,
                (Some(g), Some(w)) if w.starts_with('{') && !g.is_empty() || g == w => {}
                _ => return false,
            }
        }
    };
    let mut found: BTreeSet<_> =
        ROUTES.iter().filter(|(t, _)| matches(t)).flat_map(|(_, m)| m.iter().copied()).collect();
    if found.contains("GET") {
        found.insert("HEAD");
    }
    found.into_iter().collect()
}

/// The methods of every path.
fn methods(document: &Document) -> Vec<(String, BTreeSet<&'static str>)> {
    let of = |item: &utoipa::openapi::PathItem| {
        [
            ("GET", item.get.is_some()),
            ("PUT", item.put.is_some()),
            ("POST", item.post.is_some()),
            ("PATCH", item.patch.is_some()),
            ("DELETE", item.delete.is_some()),
        ]
        .into_iter()
        .filter_map(|(method, there)| there.then_some(method))
        .collect()
    };
    document.paths.paths.iter().map(|(path, item)| (path.clone(), of(item))).collect()
}

/// The contract as the file in the repository has it.
pub fn yaml() -> String {
    openapi().to_yaml().map(|text| quote(&text)).unwrap_or_default()
}

/// Quotes the plain words that readers of YAML 1.1 take for something else than text: `on` for true.
fn quote(yaml: &str) -> String {
    let mut quoted = String::with_capacity(yaml.len());
    // Lines indented deeper than this are one long text.
    let mut text = None;
    for line in yaml.lines() {
        let indent = line.len() - line.trim_start().len();
        if text.is_some_and(|text| indent > text || line.is_empty()) {
            quoted += line;
        } else {
            text = line.ends_with(['|', '>', '-']).then_some(indent);
            let start = line.len() - line.trim_start_matches([' ', '-']).len();
            let (key, value) = match line[start..].split_once(": ") {
                Some((key, value)) => (key, Some(value)),
                None => (&line[start..], None),
            };
            quoted += &line[..start];
            match (key.strip_suffix(':'), value) {
                (Some(key), None) => quoted += &format!("{}:", as_text(key)),
                (_, Some(value)) => quoted += &format!("{}: {}", as_text(key), as_text(value)),
                (None, None) => quoted += &as_text(key),
            }
        }
        quoted.push('\n');
    }
    quoted
}

/// In quotes if YAML 1.1 would read it as true or false, a day, or a number of that version only.
/// What YAML 1.2 takes for no text is none, and stands as it is.
fn as_text(word: &str) -> Cow<'_, str> {
    let flag = ["on", "off", "yes", "no", "y", "n"].iter().any(|w| w.eq_ignore_ascii_case(word));
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | '_' | '.');
    let number = word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '.'))
        && word.chars().all(digits)
        && word.parse::<f64>().is_err();
    if flag || number { format!("'{word}'").into() } else { word.into() }
}

/// What is served, written when it is first asked for, once for all workers.
static YAML: LazyLock<Bytes> = LazyLock::new(|| yaml().into());
static JSON: LazyLock<Bytes> = LazyLock::new(|| openapi().to_json().unwrap_or_default().into());

/// `/openapi.yaml`, `/openapi.json` and the documentation, which needs no other server: what a browser
/// that asks for nothing is shown.
pub fn pages(app: &mut web::ServiceConfig) {
    let sent = |media: &'static str, text: &'static LazyLock<Bytes>| {
        web::get().to(move || async move {
            HttpResponse::Ok().content_type(media).body(Bytes::clone(text))
        })
    };
    app.route("/openapi.yaml", sent("application/yaml", &YAML))
        .route("/openapi.json", sent("application/json", &JSON))
        .service(SwaggerUi::new("/docs/{_:.*}").config(Config::from("/openapi.json")))
        .route("/", web::get().to(to_docs))
        .route("/docs", web::get().to(to_docs));
}

async fn to_docs() -> HttpResponse {
    HttpResponse::Found().insert_header(("location", "/docs/")).finish()
}
