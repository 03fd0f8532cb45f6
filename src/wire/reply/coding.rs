//! The content codings that clients take.

use std::io::{self, Write};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::block;
use actix_web::{Error as ActixError, HttpRequest};
use brotli::CompressorWriter;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::base::error::Error;

/// How an answer is compressed on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    Identity,
    Gzip,
    Brotli,
}

impl Coding {
    /// The one of fewest bytes that the client takes.
    pub fn of(request: &HttpRequest) -> Self {
        Self::first_of(&[Self::Brotli, Self::Gzip], request.headers())
    }

    /// The one of least work that the client takes.
    fn quickest(headers: &HeaderMap) -> Self {
        Self::first_of(&[Self::Gzip, Self::Brotli], headers)
    }

    /// The first of these that the client takes.
    pub fn first_of(codings: &[Self], headers: &HeaderMap) -> Self {
        let accept = headers.get(ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
        codings.iter().copied().find(|coding| coding.is_in(accept)).unwrap_or(Self::Identity)
    }

    /// Whether an Accept-Encoding header allows it.
    fn is_in(self, accept: &str) -> bool {
        let Some(wanted) = self.name() else { return true };
        accept.split(',').any(|one| {
            let (name, quality) = one.split_once(';').unwrap_or((one, ""));
            let refused = matches!(quality.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
            name.trim().eq_ignore_ascii_case(wanted) && !refused
        })
    }

    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }

    /// A whole text in this coding, small, since it is sent more than once.
    pub fn pack(self, text: &[u8]) -> io::Result<Vec<u8>> {
        self.write(text, Compression::default(), (5, 22))
    }

    /// The same for one who waits.
    fn pack_quickly(self, text: &[u8]) -> io::Result<Vec<u8>> {
        self.write(text, Compression::fast(), (1, 16))
    }

    /// `quality` and bits of the window are those of Brotli.
    fn write(
        self,
        text: &[u8],
        level: Compression,
        (quality, window): (u32, u32),
    ) -> io::Result<Vec<u8>> {
        match self {
            Self::Identity => Ok(text.to_vec()),
            Self::Gzip => {
                let mut coder = GzEncoder::new(Vec::with_capacity(text.len() / 4), level);
                coder.write_all(text)?;
                coder.finish()
            }
            Self::Brotli => {
                let mut coder = CompressorWriter::new(Vec::new(), 1 << 16, quality, window);
                coder.write_all(text)?;
                coder.flush()?;
                Ok(coder.into_inner())
            }
        }
    }
}

/// What one packet holds is not worth the work of packing it.
const PACKET: usize = 1_400;
/// Packing more than so many bytes would keep the other requests of a worker waiting.
const MUCH: usize = 1 << 17;

/// Packs an answer that names no coding yet and stands whole in memory. It is made for one caller, who
/// would wait longer for a smaller one.
pub async fn pack(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, ActixError> {
    let coding = Coding::quickest(request.headers());
    let response = next.call(request).await?.map_into_boxed_body();
    let Some(name) = coding.name().filter(|_| !response.headers().contains_key(CONTENT_ENCODING))
    else {
        return Ok(response);
    };
    let (request, response) = response.into_parts();
    let (mut head, body) = response.into_parts();
    let body = match body.try_into_bytes() {
        Ok(text) if text.len() > PACKET => {
            let headers = head.headers_mut();
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
            // In another coding its bytes are others, and so is its tag.
            let tag = headers.get(ETAG).and_then(|tag| tag.to_str().ok());
            let tag = tag.map(|tag| format!("{};{name}\"", tag.trim_end_matches('"')));
            if let Some(tag) = tag.and_then(|tag| HeaderValue::try_from(tag).ok()) {
                headers.insert(ETAG, tag);
            }
            BoxBody::new(packed(coding, text).await?)
        }
        Ok(text) => BoxBody::new(text),
        Err(body) => body,
    };
    Ok(ServiceResponse::new(request, head.set_body(body)))
}

async fn packed(coding: Coding, text: Bytes) -> Result<Bytes, ActixError> {
    let packed = if text.len() > MUCH {
        block(move || coding.pack_quickly(&text)).await.map_err(Error::internal)?
    } else {
        coding.pack_quickly(&text)
    };
    Ok(packed.map_err(Error::internal)?.into())
}
