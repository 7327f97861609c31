//! `GET Engine/LiveKit/Admission`: the gate. The proxy in front of `LiveKit` asks before each connection whether its holder
//! is still in the call; 200 lets it pass, everything else does not.
//!
//! That is the fence: `LiveKit` itself goes on accepting the token of somebody who was removed. The token says who wants to
//! come where, and the database whether that may be: from the commit of a kick on it may not. Without a database nobody
//! gets in.

use actix_web::HttpResponse;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use actix_web::web::Query;
use trialogue_media::LiveKitKey;

use crate::call::Call;
use crate::problem::{BadJoin, Problem};
use crate::reply::{self, Failure};

/// Where proxies put path and query of the request that they ask about: nginx as it is configured, and Traefik.
const FORWARDED: [&str; 2] = ["X-Original-URI", "X-Forwarded-Uri"];

pub(super) async fn admission(call: Call, key: LiveKitKey) -> Result<HttpResponse, Failure> {
    let now = call.now();
    let token = {
        let request = call.request();
        join_token(request.headers(), request.query_string())
    };
    let admission = token.and_then(|token| Ok(key.admission(&token, now)?));
    let (room, identity) = admission.map_err(|bad| call.fail(Problem::BadJoinToken(bad)))?;
    let here = call.app().has_account(room, identity.participant()).await;
    if here.map_err(|error| call.fail(error))? {
        Ok(reply::empty())
    } else {
        Err(call.fail(Problem::NotInCall))
    }
}

/// The one token of the request that is asked about, wherever it stands. `query` is that of our own address: Envoy asks
/// with the query of the request itself.
///
/// It must be the same in all places. A client may add headers of its own, and the proxy may pass them on: none of them
/// may get past the gate what `LiveKit` then reads elsewhere.
fn join_token(headers: &HeaderMap, query: &str) -> Result<String, BadJoin> {
    let mut tokens = Vec::new();
    look_through(query, &mut tokens)?;
    for value in FORWARDED.iter().flat_map(|name| headers.get_all(*name)) {
        let uri = readable(value)?;
        look_through(uri.split_once('?').map_or("", |(_, query)| query), &mut tokens)?;
    }
    for value in headers.get_all(AUTHORIZATION) {
        let value = readable(value)?;
        tokens.push(value.strip_prefix("Bearer ").unwrap_or(value).to_owned());
    }
    tokens.dedup();
    match &*tokens {
        [] => Err(BadJoin::NoToken),
        [_] => Ok(tokens.remove(0)),
        [..] => Err(BadJoin::ManyTokens),
    }
}

fn look_through(query: &str, tokens: &mut Vec<String>) -> Result<(), BadJoin> {
    let parameters = Query::<Vec<(String, String)>>::from_query(query).map_err(|_| BadJoin::Unreadable)?;
    for (name, value) in parameters.into_inner() {
        match name.as_str() {
            "access_token" => tokens.push(value),
            "publish" if !value.is_empty() => return Err(BadJoin::Publish),
            _ => {}
        }
    }
    Ok(())
}

fn readable(value: &HeaderValue) -> Result<&str, BadJoin> {
    value.to_str().map_err(|_| BadJoin::Unreadable)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderName;

    use super::*;

    fn found(headers: &[(&'static str, &str)], query: &str) -> Result<String, BadJoin> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            map.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        join_token(&map, query)
    }

    #[test]
    fn the_token_is_found_where_each_proxy_puts_it() {
        let uri = "/rtc?access_token=a.b.c&auto_subscribe=1";
        for (headers, query) in [
            (&[("x-original-uri", uri)][..], ""),
            (&[("x-forwarded-uri", uri)], ""),
            (&[("x-forwarded-uri", "/rtc/validate?x=%20&access%5Ftoken=a%2Eb.c")], ""),
            (&[], "access_token=a.b.c&publish="),
            (&[("authorization", "Bearer a.b.c"), ("x-original-uri", "/rtc")], ""),
            (&[("authorization", "Bearer a.b.c"), ("x-original-uri", uri)], ""),
            (&[("x-original-uri", uri), ("x-forwarded-uri", uri)], ""),
        ] {
            assert_eq!(found(headers, query), Ok("a.b.c".to_owned()), "{headers:?} {query}");
        }
    }

    #[test]
    fn two_tokens_are_none() {
        let (one, other) = ("/rtc?access_token=a.b.c", "/rtc?access_token=d.e.f");
        for (headers, query) in [
            (&[("x-original-uri", one), ("x-forwarded-uri", other)][..], ""),
            (&[("x-forwarded-uri", one), ("x-forwarded-uri", other)], ""),
            (&[("x-original-uri", "/rtc?access_token=a.b.c&access_token=d.e.f")], ""),
            (&[("x-original-uri", one), ("authorization", "Bearer d.e.f")], ""),
            (&[("x-original-uri", one), ("authorization", "")], ""),
            (&[("x-original-uri", one)], "access_token=d.e.f"),
            (&[], "access_token=a.b.c&access_token=d.e.f"),
        ] {
            assert_eq!(found(headers, query), Err(BadJoin::ManyTokens), "{headers:?} {query}");
        }
    }

    #[test]
    fn a_second_connection_is_refused() {
        for uri in ["/rtc?access_token=a.b.c&publish=x", "/rtc?%70ublish=x&access_token=a.b.c"] {
            assert_eq!(found(&[("x-original-uri", uri)], ""), Err(BadJoin::Publish), "{uri}");
        }
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(found(&[], ""), Err(BadJoin::NoToken));
        assert_eq!(found(&[("x-original-uri", "/rtc")], ""), Err(BadJoin::NoToken));
        assert_eq!(found(&[("x-original-uri", "/rtc?access_token=é")], ""), Err(BadJoin::Unreadable));
    }
}
