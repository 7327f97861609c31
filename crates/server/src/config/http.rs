//! Section HTTP: where the server listens, and how it serves a connection.

use std::time::Duration;

use clap::{ArgAction, Args};
use ipnet::IpNet;
use trialogue_app::{RegionOf, Regions};
use trialogue_http::{AddressHeader, TrustedProxies};

use super::address::{Listen, network, public_url};
use super::value::{list, number, seconds};

#[derive(Args)]
#[command(next_help_heading = "HTTP")]
pub(super) struct HttpSection {
    /// Name or address, and port, to listen on; of a name, on all its addresses.
    #[arg(long, default_value = "127.0.0.1:8080", value_parser = Listen::parse)]
    pub(super) listen: Listen,

    /// How a browser reaches this server, for invitation links: `https://HOST`, with a path if a proxy puts one before it.
    /// `http://` and `listen` if empty, with `localhost` for all addresses.
    #[arg(long, value_parser = public_url)]
    pub(super) public_url: Option<String>,

    /// Path below which the routes are.
    #[arg(long, default_value = "/API", value_parser = base_path)]
    pub(super) base_path: String,

    /// Number of HTTP worker threads; 0 means one for each core.
    #[arg(long, default_value = "0", value_parser = number::<usize>)]
    pub(super) workers: usize,

    /// How long an idle connection is kept open for the next request. Keep it longer than the proxy in front does.
    #[arg(long, default_value = "75", value_parser = seconds)]
    pub(super) keep_alive_seconds: Duration,

    /// Addresses and networks of the proxies in front, such as `127.0.0.1, 10.0.0.0/8`. What they report as the client's
    /// address counts for limits; what others report does not. If empty, all clients of a proxy share the limits of one
    /// address.
    #[arg(long, value_parser = networks)]
    trusted_proxies: Option<Networks>,

    /// The header in which the trusted proxies report it: `X-Forwarded-For` or `Forwarded`. The proxy must append to this
    /// header or replace it. The right-most address that is no trusted proxy counts.
    #[arg(long, default_value = "X-Forwarded-For", value_parser = address_header)]
    client_address_header: AddressHeader,

    /// Whose requests go on at another server, as `Client/RequestPreCheck` tells: `company:CODE=URL` and `language:CODE=URL`,
    /// such as `language:vi=https://asia.example/API`, with commas between them. The first that fits counts.
    #[arg(long, value_parser = regions)]
    regions: Option<Regions>,

    /// Origins whose pages may use the API from a browser, such as `https://app.example`, with commas between them. None but the
    /// server's own pages if empty.
    #[arg(long, value_parser = origins)]
    allowed_origins: Option<Origins>,

    /// How long a stop waits for the requests that are being served.
    #[arg(long, default_value = "30", value_parser = seconds)]
    pub(super) shutdown_seconds: Duration,

    /// Whether `POST {base_path}/Conformance/Echo/ResultVideoConferenceParticipant` answers how a body was read.
    #[arg(long, default_value = "false", action = ArgAction::Set)]
    pub(super) conformance_echo: bool,
}

/// One value for clap, to which a field of type `Vec` would be an argument that is repeated.
type Networks = Vec<IpNet>;
type Origins = Vec<String>;

impl HttpSection {
    /// Whose pages may use the API.
    pub(super) fn origins(&self) -> Vec<String> {
        self.allowed_origins.clone().unwrap_or_default()
    }

    /// Whose requests go to other servers.
    pub(super) fn regions(&self) -> Regions {
        self.regions.clone().unwrap_or_default()
    }

    /// The proxies that report the addresses of clients.
    pub(super) fn proxies(&self) -> TrustedProxies {
        TrustedProxies {
            networks: self.trusted_proxies.clone().unwrap_or_default(),
            header: self.client_address_header,
        }
    }
}

fn origins(text: &str) -> Result<Origins, String> {
    list(text, |origin| {
        let url = public_url(origin)?;
        // An origin has neither path nor slash (RFC 6454, section 6).
        if url != origin || url.splitn(4, '/').nth(3).is_some() {
            return Err(format!(
                "{origin:?} is no origin: write `https://HOST` or `https://HOST:PORT`, in small letters"
            ));
        }
        Ok(url)
    })
}

fn regions(text: &str) -> Result<Regions, String> {
    list(text, |entry| {
        let (of, address) = entry.split_once('=').ok_or("write `company:CODE=URL` or `language:CODE=URL`")?;
        let (kind, code) = of.split_once(':').unwrap_or_default();
        let code = code.trim().to_owned();
        let of = match kind.trim() {
            "company" if !code.is_empty() => RegionOf::Company(code),
            "language" if !code.is_empty() => RegionOf::Language(code),
            _ => return Err(format!("{of:?} is neither `company:CODE` nor `language:CODE`")),
        };
        Ok((of, public_url(address.trim())?))
    })
}

fn base_path(text: &str) -> Result<String, String> {
    let sound = text.starts_with('/') && !text.ends_with('/') && !text.contains(['{', '}', '?', '#', ' ']);
    if sound { Ok(text.to_owned()) } else { Err("write a path such as /API".to_owned()) }
}

fn networks(text: &str) -> Result<Networks, String> {
    list(text, network)
}

fn address_header(text: &str) -> Result<AddressHeader, String> {
    let known = [("X-Forwarded-For", AddressHeader::XForwardedFor), ("Forwarded", AddressHeader::Forwarded)];
    let found = known.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    found.map(|(_, header)| header).ok_or_else(|| "write `X-Forwarded-For` or `Forwarded`".to_owned())
}
