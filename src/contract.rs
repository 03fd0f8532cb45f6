//! The contract: what every operation shares is written into it here, once.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, web};
use utoipa::openapi::path::{HttpMethod, Operation, Parameter, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Ref, RefOr, Required, ResponseBuilder};
use utoipa::{OpenApi, PartialSchema, ToSchema};
use utoipa_swagger_ui::SwaggerUi;

use crate::error::{FieldErrorBody, ProblemBody};
use crate::reply;

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
        (name = "titles", description = "Titles and the steps of their life"),
        (name = "criteria", description = "What titles ask"),
        (name = "decisions", description = "Recognising, declining, revoking"),
        (name = "imports", description = "Lists from Excel"),
        (name = "totals", description = "What rates are taken of, and closings"),
        (name = "statistics", description = "Figures"),
        (name = "exports", description = "Figures and records to take away"),
        (name = "audit", description = "What was changed, by whom, and the proof"),
        (name = "server", description = "The server itself"),
    )
)]
pub struct Contract;

/// Adds the schemas of answers, the security scheme, and the errors that follow from what an
/// operation takes.
pub fn complete(mut document: Document) -> Document {
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
    if path == "/healthz" || path == "/metrics" || path == "/.well-known/jwks.json" {
        return;
    }
    let mut statuses = vec![("500", "The server failed"), ("503", "The server is busy")];
    if path.starts_with("/api") {
        statuses.push(("429", "Too many requests"));
        statuses.push(("401", "No valid access token or credentials"));
    }
    if secured {
        statuses.push(("403", "The role may not do this, or not here"));
    }
    if operation.parameters.iter().flatten().any(in_path) {
        statuses.push(("404", "Not found, or not visible to the caller"));
    }
    if operation.parameters.is_some() || operation.request_body.is_some() || writes {
        statuses.push(("400", "The request cannot be read"));
        statuses.push(("422", "What is wrong, all of it at once"));
    }
    if writes {
        statuses.push(("404", "Not found, or not visible to the caller"));
        statuses.push(("409", "Not possible in the present state"));
        statuses.push(("413", "Too large"));
        statuses.push(("415", "Not the expected media type"));
    }
    if writes && secured {
        statuses.push(("412", "Changed since the version in If-Match"));
        statuses.push(("428", "If-Match is missing"));
    }
    for (status, description) in statuses {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", content);
        let responses = &mut operation.responses.responses;
        responses.entry(status.to_owned()).or_insert(RefOr::T(response.build()));
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.required = Some(Required::True);
    }
}

fn in_path(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Path)
}

/// The methods of every path.
pub fn methods(document: &Document) -> Vec<(String, BTreeSet<&'static str>)> {
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
    crate::app::openapi().to_yaml().unwrap_or_default()
}

/// `/openapi.yaml`, `/openapi.json` and the documentation, which needs no other server.
pub fn pages(app: &mut web::ServiceConfig) {
    let document = crate::app::openapi();
    let text = web::Bytes::from(document.to_yaml().unwrap_or_default());
    app.route(
        "/openapi.yaml",
        web::get().to(move || {
            let text = text.clone();
            async move { HttpResponse::Ok().content_type("application/yaml").body(text) }
        }),
    )
    .service(SwaggerUi::new("/docs/{_:.*}").url("/openapi.json", document))
    .route(
        "/docs",
        web::get()
            .to(|| async { HttpResponse::Found().insert_header(("location", "/docs/")).finish() }),
    );
}
