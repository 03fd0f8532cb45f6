//! What goes out: the type of an answer is its status.

pub mod coding;
mod described;

use std::fs::File;
use std::io::{Seek, Write};
use std::marker::PhantomData;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, SizedStream};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, ETAG, HeaderValue, LINK, LOCATION};
use actix_web::{HttpRequest, HttpResponse, Responder};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;
use tokio::sync::OwnedSemaphorePermit;

pub use self::coding::{Coding, pack};
pub use self::described::take_schemas;
use crate::base::error::{Error, Result};
use crate::base::version::Version;

/// 200 with a JSON body that belongs to the caller alone.
pub struct Body<T>(pub T);

/// 200 with a JSON body and the ETag of the resource.
pub struct Versioned<T>(pub T, pub Version);

/// 201 with Location and, where the resource has one, its ETag.
pub struct Created<T> {
    pub body: T,
    pub location: String,
    pub version: Option<Version>,
}

/// 200 with a text that is ready.
pub struct Text {
    pub content_type: &'static str,
    pub cache: &'static str,
    pub body: Vec<u8>,
}

impl Text {
    pub fn plain(body: impl Into<Vec<u8>>) -> Self {
        Self { content_type: "text/plain; charset=utf-8", cache: "no-store", body: body.into() }
    }
}

/// 200 with JSON, or with a text to print.
pub enum Printable<T> {
    Json(T),
    Text(String),
}

/// 204.
pub struct Done;

/// 200 with JSON that is ready and a tag of what it was computed from, or 304.
pub struct Answer<T> {
    tag: String,
    body: Option<Bytes>,
    /// How the body is compressed already.
    coding: Coding,
    cache: HeaderValue,
    shape: PhantomData<T>,
}

impl<T> Answer<T> {
    pub fn new(tag: String, body: Bytes) -> Self {
        Self { tag, body: Some(body), coding: Coding::Identity, cache: PRIVATE, shape: PhantomData }
    }

    /// 304 if the client has the answer with this tag, in whatever coding.
    pub fn known(request: &HttpRequest, tag: &str) -> Option<Self> {
        let bare = |tag: &str| tag.split(';').next().map(|t| t.trim_matches('"').to_owned());
        let same = |given: &&str| *given == "*" || bare(given) == bare(tag);
        let given = known_tags(request).find(same)?;
        let tag = if given == "*" { tag } else { given }.to_owned();
        Some(Self { tag, body: None, coding: Coding::Identity, cache: PRIVATE, shape: PhantomData })
    }

    /// In another coding its bytes are others, and so is its tag.
    pub fn coded(self, coding: Coding) -> Self {
        Self { coding, ..self }
    }

    /// It never changes: nobody needs to ask again, and what is public anyone may keep.
    pub fn for_ever(mut self, public: bool) -> Self {
        self.cache = if public { PUBLIC_FOR_EVER } else { PRIVATE_FOR_EVER };
        self
    }

    /// The entity tag of whatever `text` tells apart.
    pub fn tag(text: &str) -> String {
        format!("\"{}\"", hex::encode(&Sha256::digest(text)[..12]))
    }
}

/// 200 with a file to keep.
pub struct Download {
    file: File,
    length: u64,
    sha256: [u8; 32],
    content_type: &'static str,
    name: String,
    /// The content coding in which the file lies there already.
    coding: Option<&'static str>,
    /// The path of what describes it.
    described_by: Option<String>,
    /// The room it takes on disk, given back when it has been sent.
    kept: Option<OwnedSemaphorePermit>,
    /// How long a client may take to fetch it.
    life: Duration,
}

/// How long a client may take to fetch a file that says nothing else.
const LIFETIME: Duration = Duration::from_secs(3600);

/// The coding that is none.
pub const IDENTITY: &str = "identity";
pub const JSONL: &str = "application/x-ndjson";
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

impl Download {
    pub fn new(
        name: impl Into<String>,
        content_type: &'static str,
        file: File,
        length: u64,
        sha256: [u8; 32],
    ) -> Self {
        let name = name.into();
        Self {
            file,
            length,
            sha256,
            content_type,
            name,
            coding: None,
            described_by: None,
            kept: None,
            life: LIFETIME,
        }
    }

    pub fn coded(self, coding: Option<&'static str>) -> Self {
        Self { coding, ..self }
    }

    pub fn described_by(self, path: String) -> Self {
        Self { described_by: Some(path), ..self }
    }

    pub fn keeping(self, permit: OwnedSemaphorePermit, life: Duration) -> Self {
        Self { kept: Some(permit), life, ..self }
    }

    /// A workbook made in memory.
    pub fn workbook(name: impl Into<String>, bytes: &[u8]) -> Result<Self> {
        let mut file = tempfile::tempfile().map_err(Error::internal)?;
        file.write_all(bytes).and_then(|()| file.rewind()).map_err(Error::internal)?;
        Ok(Self::new(name, XLSX, file, bytes.len() as u64, Sha256::digest(bytes).into()))
    }
}

impl Responder for Download {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let digest = STANDARD.encode(self.sha256);
        let file = tokio::fs::File::from_std(self.file);
        let sending = (file, Instant::now() + self.life, self.kept);
        let pieces = futures_util::stream::try_unfold(sending, async |(mut file, until, kept)| {
            if Instant::now() > until {
                return Err(std::io::ErrorKind::TimedOut.into());
            }
            let mut piece = BytesMut::with_capacity(64 << 10);
            let read = file.read_buf(&mut piece).await?;
            Ok::<_, std::io::Error>((read > 0).then(|| (piece.freeze(), (file, until, kept))))
        });
        let mut response = HttpResponse::Ok();
        if let Some(path) = self.described_by {
            response.insert_header((LINK, format!("<{path}>; rel=\"describedby\"")));
        }
        response
            // Named even if it is none, so that the file is sent as it was hashed.
            .insert_header((CONTENT_ENCODING, self.coding.unwrap_or(IDENTITY)))
            .content_type(self.content_type)
            .insert_header((CACHE_CONTROL, "private, no-store"))
            .insert_header(("repr-digest", format!("sha-256=:{digest}:")))
            .insert_header((
                "content-disposition",
                format!("attachment; filename=\"{}\"", self.name),
            ))
            .body(SizedStream::new(self.length, Box::pin(pieces)))
    }
}

/// 200 with one page of a list.
pub struct Page<T> {
    pub items: Vec<T>,
    /// The cursor of the next page.
    pub next: Option<String>,
    /// How many there are in all, when `count=exact` asked for it.
    pub count: Option<i64>,
}

#[derive(Serialize)]
struct PageBody<'a, T> {
    items: &'a [T],
    next: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<i64>,
}

const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");
const PRIVATE_FOR_EVER: HeaderValue =
    HeaderValue::from_static("private, max-age=31536000, immutable");
const PUBLIC_FOR_EVER: HeaderValue =
    HeaderValue::from_static("public, max-age=31536000, immutable");

/// The tags of `If-None-Match`, which are compared weakly (RFC 9110): `W/"…"` is as good as `"…"`.
fn known_tags(request: &HttpRequest) -> impl Iterator<Item = &str> {
    let known = request.headers().get("if-none-match").and_then(|v| v.to_str().ok());
    known.unwrap_or_default().split(',').map(|tag| tag.trim().trim_start_matches("W/"))
}

fn json(mut response: actix_web::HttpResponseBuilder, body: &impl Serialize) -> HttpResponse {
    response.insert_header((CACHE_CONTROL, PRIVATE)).json(body)
}

impl<T: Serialize> Responder for Body<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        json(HttpResponse::Ok(), &self.0)
    }
}

impl<T: Serialize> Responder for Versioned<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let tag = self.1.etag();
        if known_tags(request).any(|t| t == "*" || Version::from_etag(t) == Some(self.1)) {
            let mut response = HttpResponse::NotModified();
            return response
                .insert_header((ETAG, tag))
                .insert_header((CACHE_CONTROL, PRIVATE))
                .finish();
        }
        let mut response = HttpResponse::Ok();
        response.insert_header((ETAG, tag));
        json(response, &self.0)
    }
}

impl<T: Serialize> Responder for Created<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Created();
        response.insert_header((LOCATION, self.location));
        if let Some(version) = self.version {
            response.insert_header((ETAG, version.etag()));
        }
        json(response, &self.body)
    }
}

impl<T: Serialize> Responder for Printable<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        match self {
            Self::Json(body) => json(HttpResponse::Ok(), &body),
            Self::Text(text) => Text::plain(text).respond_to(request),
        }
    }
}

impl Responder for Done {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::NoContent().finish()
    }
}

impl Responder for Text {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok()
            .content_type(self.content_type)
            .insert_header((CACHE_CONTROL, self.cache))
            .body(self.body)
    }
}

impl<T> Responder for Answer<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = match self.body {
            Some(_) => HttpResponse::Ok(),
            None => HttpResponse::NotModified(),
        };
        let tag = match self.coding.name() {
            Some(coding) => format!("{};{coding}\"", self.tag.trim_end_matches('"')),
            None => self.tag,
        };
        response.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, self.cache));
        match self.body {
            Some(body) => response
                // Named even if it is none, so that nobody compresses it once more.
                .insert_header((CONTENT_ENCODING, self.coding.name().unwrap_or(IDENTITY)))
                .content_type("application/json")
                .body(body),
            None => response.finish(),
        }
    }
}

impl<T: Serialize> Responder for Page<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        if let Some(next) = &self.next {
            response.insert_header((LINK, next_link(request, next)));
        }
        let Self { items, next, count } = &self;
        json(response, &PageBody { items, next, count: *count })
    }
}

fn next_link(request: &HttpRequest, cursor: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(request.query_string().as_bytes()) {
        if name != "cursor" {
            query.append_pair(&name, &value);
        }
    }
    query.append_pair("cursor", cursor);
    format!("<{}?{}>; rel=\"next\"", request.path(), query.finish())
}
