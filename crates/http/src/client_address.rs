//! The network address of the client behind a request: the peer's, or the one that trusted proxies report.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use ipnet::IpNet;
use trialogue_app::Network;

/// The header in which proxies report the client's address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AddressHeader {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Which proxies are trusted to report the client's address, and in which header. By default none is.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies {
    /// The networks of the proxies.
    pub networks: Vec<IpNet>,
    /// The header that they set.
    pub header: AddressHeader,
}

impl TrustedProxies {
    /// Whether this address is that of a trusted proxy.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// The network of the client that sent the request.
    pub(crate) fn client(&self, req: &HttpRequest) -> Network {
        let peer = req.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        Network::of(self.client_of(peer, req.headers()))
    }

    /// Proxies append the address that they see. So the right-most address that is not a trusted proxy is the client's;
    /// what stands left of it was sent by the client and proves nothing.
    fn client_of(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut address = peer;
        let mut hops = self.hops(headers);
        while self.trusts(address) {
            match hops.pop() {
                Some(Some(hop)) => address = hop,
                Some(None) | None => break,
            }
        }
        address
    }

    /// The reported addresses in their order; none where a hop is not an IP address.
    fn hops(&self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let name = match self.header {
            AddressHeader::XForwardedFor => "X-Forwarded-For",
            AddressHeader::Forwarded => "Forwarded",
        };
        let values = headers.get_all(name).map(|value| value.to_str().unwrap_or_default());
        // A client could open a quotation that takes in what the proxies append. Such a value tells nothing.
        let values = values.map(|value| if value.matches('"').count() % 2 == 0 { value } else { "" });
        values
            .flat_map(|value| split_outside_quotes(value, ','))
            .map(|element| match self.header {
                AddressHeader::XForwardedFor => node(element),
                AddressHeader::Forwarded => split_outside_quotes(element, ';').find_map(|pair| {
                    let (name, value) = pair.split_once('=')?;
                    name.trim().eq_ignore_ascii_case("for").then(|| node(value.trim().trim_matches('"')))?
                }),
            })
            .collect()
    }
}

/// An IP address, with or without a port.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let without_brackets = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    without_brackets.parse().ok().or_else(with_port)
}

fn split_outside_quotes(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn client(header: AddressHeader, peer: &str, values: &[&str]) -> String {
        let networks = ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"].map(|text| text.parse().unwrap()).to_vec();
        let mut headers = HeaderMap::new();
        for name in ["x-forwarded-for", "forwarded"] {
            for value in values {
                headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
            }
        }
        TrustedProxies { networks, header }.client_of(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn the_right_most_untrusted_address_counts() {
        use AddressHeader::XForwardedFor as X;
        assert_eq!(client(X, "10.0.0.1", &["203.0.113.7"]), "203.0.113.7");
        assert_eq!(client(X, "10.0.0.1", &["198.51.100.1, 203.0.113.7"]), "203.0.113.7");
        assert_eq!(client(X, "10.0.0.1", &["198.51.100.1", "203.0.113.7, 10.9.9.9"]), "203.0.113.7");
        assert_eq!(client(X, "::ffff:10.0.0.1", &["203.0.113.7:1234"]), "203.0.113.7");
        assert_eq!(client(X, "fd00::1", &["[2001:db8::7]:443"]), "2001:db8::7");
        assert_eq!(client(X, "10.0.0.1", &["10.0.0.2"]), "10.0.0.2");
    }

    #[test]
    fn a_stranger_cannot_choose_its_address() {
        use AddressHeader::XForwardedFor as X;
        assert_eq!(client(X, "203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client(X, "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client(X, "10.0.0.1", &["198.51.100.1, garbage"]), "10.0.0.1");
        assert_eq!(client(X, "10.0.0.1", &["198.51.100.1,"]), "10.0.0.1");
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_writes_it() {
        use AddressHeader::Forwarded as F;
        assert_eq!(client(F, "10.0.0.1", &["for=192.0.2.60;proto=http;by=203.0.113.43"]), "192.0.2.60");
        assert_eq!(client(F, "10.0.0.1", &["For=\"[2001:db8:cafe::17]:4711\""]), "2001:db8:cafe::17");
        assert_eq!(client(F, "10.0.0.1", &["for=198.51.100.1;by=\"a,b\", for=192.0.2.43"]), "192.0.2.43");
        assert_eq!(client(F, "10.0.0.1", &["for=198.51.100.1, for=_hidden"]), "10.0.0.1");
        assert_eq!(client(F, "10.0.0.1", &["for=198.51.100.1, proto=https"]), "10.0.0.1");
        assert_eq!(client(F, "10.0.0.1", &["for=198.51.100.1;x=\", for=192.0.2.43"]), "10.0.0.1");
    }

    #[test]
    fn ipv6_counts_by_64_bits() {
        let network = |text: &str| Network::of(text.parse().unwrap());
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:2"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
