//! Bodies as a whole: their type, their length, their end.

use crate::client::{ECHO, connect, receive, request};
use std::io::Write;

#[test]
fn media_types_that_are_not_read() {
    for (content_type, named) in [
        ("text/plain; charset=utf-8", "text/plain"),
        ("Text/HTML", "Text/HTML"),
        ("application/problem+json", "application/problem+json"),
    ] {
        let answer = request("POST", ECHO, &[&format!("Content-Type: {content_type}")], b"{}");
        assert_eq!((answer.status, answer.header("X-Error-Code")), (415, Some("unsupported_media_type")));
        assert_eq!(
            answer.text(),
            format!(
                "{{\"Message\":\"The request entity's media type '{named}' is not supported for this resource.\"}}"
            )
        );
    }
    for content_type in
        ["Content-Type: garbage", "Content-Type: a/b/c", "Content-Type: application/json;", "X-Other: 1"]
    {
        let answer = request("POST", ECHO, &[content_type], b"{}");
        assert_eq!(answer.status, 415, "{content_type}");
        assert!(answer.text().contains("no Content-Type header"), "{content_type}: {}", answer.text());
    }
    let answer = request("POST", ECHO, &["Content-Type: Application/JSON; Charset=\"UTF-8\"; a=b"], b"{}");
    assert_eq!(answer.status, 200);
}

#[test]
fn an_empty_body_of_any_type_is_required_first() {
    let answer = request("POST", ECHO, &["Content-Type: text/plain"], b"");
    assert_eq!((answer.status, answer.header("X-Error-Code")), (400, Some("body_required")));
}

#[test]
fn an_announced_length_beyond_the_limit_is_refused_before_it_comes() {
    let mut stream = connect();
    let head = format!(
        "POST {ECHO} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1048577\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("the server reads");
    let answer = receive(&mut stream);
    assert_eq!((answer.status, answer.header("X-Error-Code")), (413, Some("body_too_large")));
    assert_eq!(answer.text(), r#"{"Message":"The request body is longer than 1 MiB."}"#);
    assert_eq!(answer.header("Connection"), Some("close"));
}

#[test]
fn chunks_without_end_are_refused_at_the_limit() {
    let mut stream = connect();
    let head = format!(
        "POST {ECHO} HTTP/1.1\r\nHost: x\r\nAccept: text/xml\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("the server reads");
    let chunk = [b"10000\r\n".as_slice(), &vec![b' '; 0x1_0000], b"\r\n"].concat();
    for _ in 0..17 {
        stream.write_all(&chunk).expect("the server reads up to its limit");
    }
    let answer = receive(&mut stream);
    assert_eq!(answer.status, 413);
    assert_eq!(answer.text(), "<Error><Message>The request body is longer than 1 MiB.</Message></Error>");
}

#[test]
fn chunked_bodies_are_read() {
    let mut stream = connect();
    let bytes = format!(
        "POST {ECHO} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n\
         8\r\n{{\"Person\r\n9\r\nName\":1}}\n\r\n0\r\n\r\n"
    );
    stream.write_all(bytes.as_bytes()).expect("the server reads");
    let answer = receive(&mut stream);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.text().contains(r#""PersonName":"1""#));
}
