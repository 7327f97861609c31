//! The call pages: plain files from `assets/`, compiled in. No build step, and no request to anybody else.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest, Sha256};

use trialogue_http::paths;

/// A file, and where it is served.
struct File {
    path: &'static str,
    media_type: &'static str,
    text: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

const fn page(path: &'static str, text: &'static str) -> File {
    File { path, media_type: HTML, text }
}

macro_rules! asset {
    ($media_type:expr, $name:literal) => {
        File {
            path: concat!("/assets/", $name),
            media_type: $media_type,
            text: include_str!(concat!("../assets/", $name)),
        }
    };
}

const FILES: &[File] = &[
    page("/", include_str!("../assets/entry.html")),
    page("/client", include_str!("../assets/client.html")),
    page("/interpreter", include_str!("../assets/interpreter.html")),
    page("/join", include_str!("../assets/join.html")),
    asset!(CSS, "style.css"),
    asset!(SVG, "icon.svg"),
    asset!(SCRIPT, "api.js"),
    asset!(SCRIPT, "call.js"),
    asset!(SCRIPT, "changes.js"),
    asset!(SCRIPT, "client.js"),
    asset!(SCRIPT, "devices.js"),
    asset!(SCRIPT, "dialogs.js"),
    asset!(SCRIPT, "dom.js"),
    asset!(SCRIPT, "endings.js"),
    asset!(SCRIPT, "entry.js"),
    asset!(SCRIPT, "guard.js"),
    asset!(SCRIPT, "i18n.js"),
    asset!(SCRIPT, "i18n/en.js"),
    asset!(SCRIPT, "i18n/es.js"),
    asset!(SCRIPT, "interpreter.js"),
    asset!(SCRIPT, "join.js"),
    asset!(SCRIPT, "languages.js"),
    asset!(SCRIPT, "links.js"),
    asset!(SCRIPT, "login.js"),
    asset!(SCRIPT, "people.js"),
    asset!(SCRIPT, "ringing.js"),
    asset!(SCRIPT, "signalling.js"),
    asset!(SCRIPT, "storage.js"),
    asset!(SCRIPT, "tiles.js"),
    asset!(SCRIPT, "unsent.js"),
    asset!(SCRIPT, "views.js"),
];

/// What stands in a page for the base path of the API.
const BASE_MARK: &str = "{{base}}";

/// A camera and a microphone are all that a call needs.
const PERMISSIONS: &str = "camera=(self), microphone=(self), speaker-selection=(self), autoplay=(self), \
    screen-wake-lock=(self), \
    display-capture=(), geolocation=(), payment=(), usb=(), serial=(), hid=(), bluetooth=(), midi=(), \
    publickey-credentials-get=(), browsing-topics=()";

/// Adds the pages at the root. They call the API below `api`, a path; `public_url` is how a browser reaches this server.
pub fn configure(api: &str, public_url: &str, config: &mut ServiceConfig) {
    let policy = policy(public_url);
    for file in FILES {
        let served = web::Data::new(Served::of(file, api, &policy));
        let answer = move |req: HttpRequest| {
            let served = served.clone();
            async move { served.answer(&req) }
        };
        config.service(paths::page(file.path.trim_end_matches('/'), answer));
    }
}

/// The address without the slash at its end, seen from there: where a proxy has put the root is not known, and the
/// addresses within a page are seen from the page.
fn without_slash(path: &str) -> Option<String> {
    let name = path.strip_suffix('/')?.rsplit('/').next()?;
    (!name.is_empty()).then(|| format!("../{name}"))
}

/// No inline code, no other origin, no framing. The signalling socket is named, as not every browser takes it
/// for `'self'`.
fn policy(public_url: &str) -> String {
    let origin = public_url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    let socket = origin.replacen("http", "ws", 1);
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' {socket}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    )
}

/// A file as it is sent.
struct Served {
    media_type: &'static str,
    text: String,
    tag: String,
    policy: String,
}

impl Served {
    fn of(file: &File, api: &str, policy: &str) -> Self {
        // Seen from a page: the pages lie at the root, or where a proxy has put the root.
        let base = api.trim_matches('/');
        let text = match file.media_type {
            HTML => file.text.replace(BASE_MARK, base),
            _ => file.text.to_owned(),
        };
        let hash = Sha256::digest(&text);
        let tag = format!("\"{:032x}\"", u128::from_be_bytes(std::array::from_fn(|at| hash[at])));
        Self { media_type: file.media_type, text, tag, policy: policy.to_owned() }
    }

    /// The browser keeps it, and asks each time whether it is still the same: pages and scripts of two versions never mix
    /// for longer than a reload.
    fn answer(&self, req: &HttpRequest) -> HttpResponse {
        if let Some(location) = without_slash(req.path()) {
            return HttpResponse::PermanentRedirect().insert_header((LOCATION, location)).finish();
        }
        let known = req.headers().get_all(IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
        let unchanged = known.flat_map(|tags| tags.split(',')).any(|tag| {
            let tag = tag.trim();
            tag.strip_prefix("W/").unwrap_or(tag) == self.tag
        });
        let mut answer = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        answer
            .insert_header((ETAG, self.tag.as_str()))
            .insert_header((CACHE_CONTROL, "no-cache"))
            .insert_header((CONTENT_SECURITY_POLICY, self.policy.as_str()))
            .insert_header((REFERRER_POLICY, "no-referrer"))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header(("Permissions-Policy", PERMISSIONS))
            .insert_header(("Cross-Origin-Opener-Policy", "same-origin"))
            .insert_header(("Cross-Origin-Resource-Policy", "same-origin"));
        if unchanged {
            return answer.finish();
        }
        answer.insert_header((CONTENT_TYPE, self.media_type)).body(self.text.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn files_below(directory: &Path, root: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files_below(&path, root, found);
            } else {
                found.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }

    #[test]
    fn every_file_is_served() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
        let mut there = BTreeSet::new();
        files_below(&root, &root, &mut there);
        let served: BTreeSet<String> = FILES
            .iter()
            .map(|file| match file.path {
                "/" => "entry.html".to_owned(),
                path => path.strip_prefix("/assets/").map_or(format!("{}.html", &path[1..]), str::to_owned),
            })
            .collect();
        assert_eq!(served, there);
    }

    #[test]
    fn nothing_comes_from_elsewhere() {
        for file in FILES {
            for mark in ["http://", "https://", "//cdn", "innerHTML", "eval(", " style=", " onclick="] {
                let text = file.text.replace("http://www.w3.org/", "");
                assert!(!text.contains(mark), "{} has {mark}", file.path);
            }
        }
    }

    #[test]
    fn the_policy_names_the_socket_of_the_public_address() {
        let wanted = "connect-src 'self' wss://call.example;";
        assert!(policy("https://call.example").contains(wanted));
        assert!(policy("https://call.example/video").contains(wanted));
        assert!(policy("http://127.0.0.1:8080").contains("connect-src 'self' ws://127.0.0.1:8080;"));
    }
}
