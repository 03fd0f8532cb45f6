//! Where a request comes from.

use actix_web::HttpRequest;

use crate::base::config::Config;

/// The address of the client: of the peer, or what a trusted proxy says it is.
pub fn client_address(request: &HttpRequest, config: &Config) -> String {
    let Some(peer) = request.peer_addr() else { return "local".to_owned() };
    if config.trusted_proxies.contains(&peer.ip()) {
        let forwarded = request.headers().get("x-forwarded-for").and_then(|v| v.to_str().ok());
        // The last address is the one that our own proxy saw.
        if let Some(address) = forwarded.and_then(|list| list.rsplit(',').next()) {
            return address.trim().to_owned();
        }
    }
    peer.ip().to_string()
}
