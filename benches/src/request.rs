//! The bytes of a kick, and of its answer.

use anyhow::{Context as _, bail, ensure};

use crate::seed;

/// The form of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Form {
    /// `application/json`.
    Json,
    /// `application/xml`, `DataContract`.
    Xml,
}

/// The body of the recorded reference request, cut where the two ids are.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    head: String,
    parts: [&'static str; 3],
}

impl Template {
    pub(crate) fn new(form: Form) -> anyhow::Result<Self> {
        let (body, before, media_type) = match form {
            Form::Json => (
                include_str!("../data/kick.json"),
                ["\"RequestConferenceSessionId\": ", "\"RequestConferenceSessionVideoParticipantId\": "],
                "application/json",
            ),
            Form::Xml => (
                include_str!("../data/kick.xml"),
                ["<RequestConferenceSessionId>", "<RequestConferenceSessionVideoParticipantId>"],
                "application/xml",
            ),
        };
        let [conference, participant] = before;
        let (first, rest) = cut(body, conference).context("the conference's id")?;
        let (second, third) = cut(rest, participant).context("the participant's id")?;
        let head = format!(
            "POST /API/Client/Request/KickThirdPartyVideoParticipant HTTP/1.1\r\nHost: localhost\r\n\
             Accept: {media_type}\r\nContent-Type: {media_type}\r\nWEYIToken: "
        );
        Ok(Self { head, parts: [first, second, third] })
    }

    /// The kick of the guest of call number `call`.
    pub(crate) fn write(&self, call: u32, out: &mut Vec<u8>) {
        let (conference, participant) = (call.to_string(), seed::guest(call).to_string());
        let [first, second, third] = self.parts;
        let length = first.len() + conference.len() + second.len() + participant.len() + third.len();
        let head_end = format!("{}\r\nContent-Length: {length}\r\n\r\n", seed::token(call));
        out.clear();
        for part in [&self.head, &head_end, first, &conference, second, &participant, third] {
            out.extend_from_slice(part.as_bytes());
        }
    }

    /// The body alone.
    pub(crate) fn body(&self, call: u32) -> String {
        let [first, second, third] = self.parts;
        format!("{first}{call}{second}{}{third}", seed::guest(call))
    }
}

/// Splits behind `before`, and takes the number there away.
fn cut(text: &'static str, before: &str) -> Option<(&'static str, &'static str)> {
    let at = text.find(before)? + before.len();
    let (head, tail) = text.split_at(at);
    Some((head, tail.trim_start_matches(|c: char| c.is_ascii_digit())))
}

/// An answer, whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer<'a> {
    status: u16,
    head: &'a str,
    pub(crate) body: &'a [u8],
}

/// An answer of 500 or above. The load counts these and goes on.
#[derive(Debug)]
pub(crate) struct ServerError(String);

impl std::fmt::Display for ServerError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ServerError {}

impl<'a> Answer<'a> {
    /// The answer at the start of `bytes`, once all of it is there.
    pub(crate) fn read(bytes: &'a [u8]) -> anyhow::Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else { return Ok(None) };
        let head = std::str::from_utf8(&bytes[..end])?;
        let status_line = head.split("\r\n").next().unwrap_or_default();
        ensure!(status_line.starts_with("HTTP/1.1 "), "not an HTTP/1.1 answer: {status_line}");
        let status = status_line.get(9..12).unwrap_or_default().parse().context("the status")?;
        let whole = Self { status, head, body: &[] };
        let length = whole.header("content-length").map_or(Ok(0), str::parse).context("Content-Length")?;
        Ok(bytes.get(end + 4..end + 4 + length).map(|body| Self { body, ..whole }))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        let mut headers = self.head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
        headers.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// Fails unless it is a 200: with [`ServerError`], or, below 500, because the benchmark itself is wrong.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let whole = || format!("{}\n{}", self.head, String::from_utf8_lossy(self.body));
        match self.status {
            200 => Ok(()),
            500.. => Err(ServerError(whole()).into()),
            _ => bail!(whole()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_ids_are_replaced() {
        for (form, body) in
            [(Form::Json, include_str!("../data/kick.json")), (Form::Xml, include_str!("../data/kick.xml"))]
        {
            let template = Template::new(form).unwrap();
            let back = template.body(77).replacen("77", "1", 1).replacen("231", "2", 1);
            assert_eq!(back, body, "{form:?}");
            let mut request = Vec::new();
            template.write(77, &mut request);
            let text = String::from_utf8(request).unwrap();
            let (head, sent) = text.split_once("\r\n\r\n").unwrap();
            assert_eq!(sent, template.body(77));
            assert!(head.ends_with(&format!("Content-Length: {}", sent.len())), "{head}");
        }
    }

    #[test]
    fn an_answer_is_read_when_it_is_whole() {
        let bytes = b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(Answer::read(&bytes[..20]).unwrap(), None);
        assert_eq!(Answer::read(&bytes[..bytes.len() - 1]).unwrap(), None);
        let answer = Answer::read(bytes).unwrap().unwrap();
        assert_eq!((answer.status, answer.body), (404, &b"abc"[..]));
        assert_eq!(answer.header("content-length"), Some("3"));
        assert!(answer.check().unwrap_err().to_string().contains("abc"));
        let busy = Answer::read(b"HTTP/1.1 503 Service Unavailable\r\n\r\n").unwrap().unwrap();
        assert!(busy.check().unwrap_err().is::<ServerError>());
        assert!(Answer::read(b"SSH-2.0\r\n\r\n").is_err());
    }
}
