//! Reading of the addresses in settings: where to listen, web URLs (RFC 3986) and ICE servers (RFC 7064, RFC 7065).
//! Every address is read where it is set, and kept in ASCII.

use std::fmt;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};

use ipnet::IpNet;
use url::{Host, Url};

/// Where to listen: a name or an IP address, with a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listen {
    host: Host,
    port: u16,
    /// All addresses of the name; one for an IP address.
    pub(crate) addresses: Vec<SocketAddr>,
}

impl Listen {
    /// Reads `HOST:PORT` and resolves a name.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        // Takes the scope of a link-local address as well, such as `[fe80::1%2]:8080`.
        if let Ok(address) = text.parse::<SocketAddr>() {
            let host = match address.ip() {
                IpAddr::V4(ip) => Host::Ipv4(ip),
                IpAddr::V6(ip) => Host::Ipv6(ip),
            };
            return Ok(Self { host, port: address.port(), addresses: vec![address] });
        }
        let wrong = |why: &dyn fmt::Display| format!("{text:?} can't be read: {why}");
        let (host, port) = text
            .rsplit_once(':')
            .ok_or_else(|| wrong(&"write HOST:PORT, such as 127.0.0.1:8080 or localhost:8080"))?;
        let port = port.parse().map_err(|_| wrong(&"the port is not a number from 0 to 65535"))?;
        let host = host_of(host).map_err(|why| wrong(&why))?;
        let found = (host.to_string().as_str(), port).to_socket_addrs();
        let addresses: Vec<SocketAddr> =
            found.map_err(|error| format!("{text:?} can't be resolved: {error}"))?.collect();
        if addresses.is_empty() {
            return Err(format!("{text:?} can't be resolved: the name has no address"));
        }
        Ok(Self { host, port, addresses })
    }

    /// The same place with the port that the system has chosen.
    pub(crate) fn with_port(&self, port: u16) -> Self {
        Self { port, ..self.clone() }
    }

    /// Whether it means all addresses of the machine, such as `0.0.0.0`.
    pub(crate) fn is_unspecified(&self) -> bool {
        match &self.host {
            Host::Domain(_) => false,
            Host::Ipv4(ip) => ip.is_unspecified(),
            Host::Ipv6(ip) => ip.to_canonical().is_unspecified(),
        }
    }

    /// The URL under which a browser on this machine finds it. An unspecified address is nothing that one can connect
    /// to everywhere, so `localhost` stands in its place.
    pub(crate) fn url(&self) -> String {
        if self.is_unspecified() {
            format!("http://localhost:{}", self.port)
        } else {
            format!("http://{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Reads a URL with a scheme of `schemes` and a host. No error repeats it: it may hold a secret.
pub(super) fn url(text: &str, schemes: &[&str]) -> Result<Url, String> {
    let write = || {
        let forms: Vec<String> = schemes.iter().map(|scheme| format!("`{scheme}://HOST`")).collect();
        format!("write {}", forms.join(" or "))
    };
    // The parser is a browser's: it mends what RFC 3986 does not allow.
    let begins_well = text.split_once("://").is_some_and(|(scheme, rest)| {
        schemes.iter().any(|known| scheme.eq_ignore_ascii_case(known)) && !rest.starts_with('/')
    });
    if !begins_well {
        return Err(write());
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || "\\<>\"{}|^`".contains(c)) {
        return Err("a URL has no blanks, backslashes or other such characters".to_owned());
    }
    let mut url = Url::parse(text).map_err(|error| format!("{error}; {}", write()))?;
    if url.port() == Some(0) {
        return Err("port 0 is none that can be reached".to_owned());
    }
    let host = host_of(url.host_str().unwrap_or_default())?;
    url.set_host(Some(&host.to_string())).map_err(|error| error.to_string())?;
    Ok(url)
}

/// Reads a [`url()`] without user, query and fragment.
fn web_url(text: &str, schemes: &[&str]) -> Result<Url, String> {
    let url = url(text, schemes)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("a query or a fragment is not possible here".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a user name or a password is not possible here".to_owned());
    }
    Ok(url)
}

/// Reads a [`web_url()`] with a path or without one; none has a slash for its path only.
pub(super) fn base_url(text: &str, schemes: &[&str]) -> Result<String, String> {
    let url = web_url(text, schemes)?;
    Ok(if url.path() == "/" { url.as_str().trim_end_matches('/') } else { url.as_str() }.to_owned())
}

/// Reads the URL of this server as browsers reach it. No slash is at its end.
pub(super) fn public_url(text: &str) -> Result<String, String> {
    let url = web_url(text, &["https", "http"])?;
    let unspecified = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_unspecified(),
        Some(Host::Ipv6(ip)) => ip.to_canonical().is_unspecified(),
        Some(Host::Domain(_)) | None => false,
    };
    if unspecified {
        return Err("no browser can reach this address: name the host that browsers are to open".to_owned());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Reads `stun:HOST[:PORT]`, `stuns:...`, `turn:HOST[:PORT][?transport=udp|tcp]` or `turns:...`. A browser throws at any
/// other form, and the call fails.
pub(super) fn ice_server(text: &str) -> Result<String, String> {
    let wrong = |why: &str| format!("{text:?} is no ICE server: {why}");
    if text.contains(char::is_whitespace) {
        return Err(wrong("write commas between servers, and no blanks"));
    }
    let (scheme, rest) =
        text.split_once(':').ok_or_else(|| wrong("write `stun:HOST`, `turn:HOST` or `turns:HOST`"))?;
    let scheme = scheme.to_ascii_lowercase();
    if !matches!(&*scheme, "stun" | "stuns" | "turn" | "turns") {
        return Err(wrong("it begins with stun:, stuns:, turn: or turns:"));
    }
    let (authority, query) = match rest.split_once('?') {
        Some((authority, query)) => (authority, Some(query)),
        None => (rest, None),
    };
    if authority.starts_with('/') {
        return Err(wrong("no slashes stand before the host"));
    }
    if authority.contains('@') {
        return Err(wrong("user name and password are made from `turn_secret`"));
    }
    let transport = match query {
        None => String::new(),
        Some(_) if scheme.starts_with("stun") => return Err(wrong("a STUN server has no `?transport`")),
        Some(query) => match query.strip_prefix("transport=").map(str::to_ascii_lowercase) {
            Some(transport) if matches!(&*transport, "udp" | "tcp") => format!("?transport={transport}"),
            _ => return Err(wrong("`?transport=udp` and `?transport=tcp` are possible")),
        },
    };
    // The colons of an IPv6 address stand in brackets.
    let port_at = authority.rfind(':').filter(|colon| authority.rfind(']').is_none_or(|end| end < *colon));
    let (host, port) = match port_at {
        Some(colon) => (&authority[..colon], Some(&authority[colon + 1..])),
        None => (authority, None),
    };
    let host = host_of(host).map_err(|why| wrong(&why))?;
    let port = match port.map(str::parse::<u16>) {
        None => String::new(),
        Some(Ok(port)) if port > 0 => format!(":{port}"),
        Some(_) => return Err(wrong("the port is not a number from 1 to 65535")),
    };
    Ok(format!("{scheme}:{host}{port}{transport}"))
}

/// Reads a host: a name (written as ASCII), an IPv4 address, or an IPv6 address in brackets.
fn host_of(text: &str) -> Result<Host, String> {
    let host = Host::parse(text).map_err(|error| format!("the host can't be read: {error}"))?;
    if let Host::Domain(name) = &host {
        let labels = name.strip_suffix('.').unwrap_or(name).split('.');
        let sound = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        if name.len() > 253 || !labels.into_iter().all(sound) {
            return Err("the host is neither a name nor an address".to_owned());
        }
    }
    Ok(host)
}

/// A network, `ADDRESS/BITS`, or an address alone.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().map(IpNet::from).ok();
    let network = text.parse::<IpNet>().ok().or_else(address);
    network.ok_or_else(|| format!("{text:?} is no IP address and no network: write 10.0.0.1 or 10.0.0.0/8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_can_be_listened_on() {
        for (text, url) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("[::1]:8080", "http://[::1]:8080"),
            ("localhost:8080", "http://localhost:8080"),
            ("LOCALHOST:0", "http://localhost:0"),
            ("0.0.0.0:80", "http://localhost:80"),
            ("[::]:80", "http://localhost:80"),
            ("[::ffff:0.0.0.0]:80", "http://localhost:80"),
        ] {
            let listen = Listen::parse(text).unwrap();
            assert!(!listen.addresses.is_empty());
            assert_eq!(listen.url(), url, "{text}");
        }
        for text in
            ["", "nowhere", ":8080", "localhost:", "localhost:http", "127.0.0.1:65536", "a b:80", "::1:x"]
        {
            assert!(Listen::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn ice_servers_are_those_of_rfc_7064_and_7065() {
        for (text, read) in [
            ("stun:stun.example.org", "stun:stun.example.org"),
            ("STUN:Stun.Example:3478", "stun:stun.example:3478"),
            ("turn:198.51.100.7:3478?transport=UDP", "turn:198.51.100.7:3478?transport=udp"),
            ("turns:[2001:db8::1]:443?transport=tcp", "turns:[2001:db8::1]:443?transport=tcp"),
            ("stuns:[::1]", "stuns:[::1]"),
            ("stun:müller.example", "stun:xn--mller-kva.example"),
        ] {
            assert_eq!(ice_server(text).as_deref(), Ok(read), "{text}");
        }
        for text in [
            "",
            "h",
            "stun:",
            "stun://h",
            "stun:h:0",
            "stun:h:",
            "stun:h:99999",
            "stun:a stun:b",
            "stun:h?transport=udp",
            "turn:h?transport=sctp",
            "turn:h?",
            "turn:h?x=y",
            "turn:user@h",
            "turn:h/path",
            "turn:[::1",
            "turn:::1",
            "http://h",
            "turn:a..b",
            "turn:h#f",
            "turn:%",
            "stun:\u{202e}h",
        ] {
            assert!(ice_server(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_public_url_is_one_that_links_can_begin_with() {
        for (text, read) in [
            ("https://call.example", "https://call.example"),
            ("HTTPS://Call.Example:443/", "https://call.example"),
            ("http://localhost:8080/video/", "http://localhost:8080/video"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("https://müller.example/büro", "https://xn--mller-kva.example/b%C3%BCro"),
        ] {
            assert_eq!(public_url(text).as_deref(), Ok(read), "{text}");
        }
        for text in [
            "",
            "call.example",
            "call.example:8080",
            "//call.example",
            "ftp://call.example",
            "https:call.example",
            "https:///call.example",
            "https://",
            "https://call.example?x",
            "https://call.example/#x",
            "https://me@call.example",
            "https://me:secret@call.example",
            "https://call example",
            "https:\\\\call.example",
            "http://0.0.0.0:8080",
            "http://[::]:8080",
            "https://call..example",
            "https://call.example:0",
            "https://call.example:99999",
            "https://call.example/\u{a0}",
            "https://[::1",
            " https://call.example",
        ] {
            assert!(public_url(text).is_err(), "{text:?}");
        }
    }
}
