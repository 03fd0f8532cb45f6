//! How the contract describes each kind of answer.

use std::cell::RefCell;
use std::collections::BTreeMap;

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder, schema};
use utoipa::{IntoResponses, ToSchema};

use super::{Answer, Body, Created, Done, Download, JSONL, Page, Printable, Text, Versioned, XLSX};

type Responses = BTreeMap<String, RefOr<Response>>;

fn one(status: &str, response: ResponseBuilder) -> Responses {
    BTreeMap::from([(status.to_owned(), RefOr::T(response.build()))])
}

thread_local! {
    /// The schemas that answers refer to, gathered while the operations are described: utoipa
    /// registers those of bodies by itself, but not those of answers.
    static REFERRED: RefCell<Vec<(String, RefOr<schema::Schema>)>> = const { RefCell::new(Vec::new()) };
}

/// Takes the schemas gathered since the last call.
pub fn take_schemas() -> Vec<(String, RefOr<schema::Schema>)> {
    REFERRED.with_borrow_mut(std::mem::take)
}

/// The schema of `T` by its name; its own and those inside it are remembered.
fn refer_to<T: ToSchema>() -> Ref {
    REFERRED.with_borrow_mut(|schemas| {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    });
    Ref::from_schema_name(T::name())
}

fn of<T: ToSchema>(description: &str) -> ResponseBuilder {
    let content = ContentBuilder::new().schema(Some(refer_to::<T>())).build();
    ResponseBuilder::new().description(description).content("application/json", content)
}

fn text_header(description: &str) -> utoipa::openapi::Header {
    HeaderBuilder::new()
        .schema(Some(schema::Object::with_type(schema::Type::String)))
        .description(Some(description))
        .build()
}

fn etag() -> utoipa::openapi::Header {
    text_header("The version of the resource, for If-Match")
}

impl<T: ToSchema> IntoResponses for Body<T> {
    fn responses() -> Responses {
        one("200", of::<T>("Success"))
    }
}

impl<T: ToSchema> IntoResponses for Answer<T> {
    fn responses() -> Responses {
        let mut responses = one("200", of::<T>("Success").header("ETag", etag()));
        responses
            .extend(one("304", ResponseBuilder::new().description("As the client has it already")));
        responses
    }
}

impl<T: ToSchema> IntoResponses for Versioned<T> {
    fn responses() -> Responses {
        Answer::<T>::responses()
    }
}

impl<T: ToSchema> IntoResponses for Created<T> {
    fn responses() -> Responses {
        let location = text_header("Where the new resource is read");
        one("201", of::<T>("Created").header("Location", location).header("ETag", etag()))
    }
}

impl IntoResponses for Text {
    fn responses() -> Responses {
        let text = schema::Object::with_type(schema::Type::String);
        let content = || ContentBuilder::new().schema(Some(text.clone())).build();
        let response = ResponseBuilder::new().description("Text");
        one(
            "200",
            response.content("text/plain", content()).content("text/html", content()).content(
                "application/json",
                ContentBuilder::new().schema(Some(schema::Object::new())).build(),
            ),
        )
    }
}

impl IntoResponses for Download {
    fn responses() -> Responses {
        let bytes = || {
            let file = schema::ObjectBuilder::new()
                .schema_type(schema::Type::String)
                .format(Some(schema::SchemaFormat::KnownFormat(schema::KnownFormat::Binary)));
            ContentBuilder::new().schema(Some(file.build())).build()
        };
        let response = ResponseBuilder::new()
            .description("A file")
            .content("text/csv", bytes())
            .content(XLSX, bytes())
            .content(JSONL, bytes())
            .header("Link", text_header("The signed manifest of an export, rel=\"describedby\""))
            .header("Repr-Digest", text_header("SHA-256 of the file as sent (RFC 9530)"));
        one("200", response)
    }
}

impl Download {
    /// Answers of another form, or a file instead.
    pub fn beside(mut responses: Responses) -> Responses {
        let file = Self::responses().remove("200");
        if let (Some(RefOr::T(other)), Some(RefOr::T(file))) = (responses.get_mut("200"), file) {
            other.content.extend(file.content);
        }
        responses
    }
}

impl<T: ToSchema> IntoResponses for Printable<T> {
    fn responses() -> Responses {
        let text = schema::Object::with_type(schema::Type::String);
        let content = ContentBuilder::new().schema(Some(text)).build();
        one("200", of::<T>("Success").content("text/plain", content))
    }
}

impl IntoResponses for Done {
    fn responses() -> Responses {
        one("204", ResponseBuilder::new().description("Done"))
    }
}

impl<T: ToSchema> IntoResponses for Page<T> {
    fn responses() -> Responses {
        let nullable = schema::SchemaType::from_iter([schema::Type::String, schema::Type::Null]);
        let page = schema::ObjectBuilder::new()
            .property("items", schema::ArrayBuilder::new().items(refer_to::<T>()))
            .required("items")
            .property("next", schema::ObjectBuilder::new().schema_type(nullable))
            .required("next")
            .property("count", schema::Object::with_type(schema::Type::Integer))
            .build();
        let content = ContentBuilder::new().schema(Some(page)).build();
        one(
            "200",
            ResponseBuilder::new()
                .description("One page of the list")
                .content("application/json", content)
                .header("Link", text_header("The next page, rel=\"next\"")),
        )
    }
}
