//! The content codings that clients take.

use std::io::{self, Write};

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT_ENCODING;
use brotli::CompressorWriter;
use flate2::Compression;
use flate2::write::GzEncoder;

/// How an answer is compressed on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    Identity,
    Gzip,
    Brotli,
}

impl Coding {
    /// The best that the client takes.
    pub fn of(request: &HttpRequest) -> Self {
        let accept = request.headers().get(ACCEPT_ENCODING).and_then(|v| v.to_str().ok());
        Self::of_accept(accept.unwrap_or_default())
    }

    /// The best that an Accept-Encoding header allows.
    pub fn of_accept(accept: &str) -> Self {
        let allows = |wanted: &str| {
            accept.split(',').any(|one| {
                let (name, quality) = one.split_once(';').unwrap_or((one, ""));
                let refused = matches!(quality.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
                name.trim().eq_ignore_ascii_case(wanted) && !refused
            })
        };
        if allows("br") {
            Self::Brotli
        } else if allows("gzip") {
            Self::Gzip
        } else {
            Self::Identity
        }
    }

    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }

    /// A whole text in this coding.
    pub fn pack(self, text: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Identity => Ok(text.to_vec()),
            Self::Gzip => {
                let mut coder = GzEncoder::new(Vec::new(), Compression::default());
                coder.write_all(text)?;
                coder.finish()
            }
            Self::Brotli => {
                let mut coder = CompressorWriter::new(Vec::new(), 1 << 16, 5, 22);
                coder.write_all(text)?;
                coder.flush()?;
                Ok(coder.into_inner())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codings_are_those_that_the_client_takes() {
        for (accept, coding) in [
            ("", Coding::Identity),
            ("gzip, deflate, br", Coding::Brotli),
            ("gzip;q=0.5", Coding::Gzip),
            ("br;q=0, gzip", Coding::Gzip),
            ("identity", Coding::Identity),
        ] {
            assert_eq!(Coding::of_accept(accept), coding, "{accept}");
        }
    }
}
