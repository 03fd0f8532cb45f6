//! How an answer is packed.

use actix_web::http::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use hoctap::wire::reply::coding::Coding;

#[test]
fn codings_are_those_that_the_client_takes() {
    for (accept, coding) in [
        ("", Coding::Identity),
        ("gzip, deflate, br", Coding::Brotli),
        ("gzip;q=0.5", Coding::Gzip),
        ("br;q=0, gzip", Coding::Gzip),
        ("identity", Coding::Identity),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accept));
        let found = Coding::first_of(&[Coding::Brotli, Coding::Gzip], &headers);
        assert_eq!(found, coding, "{accept}");
    }
}
