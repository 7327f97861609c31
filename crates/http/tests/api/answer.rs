//! An answer, and what to look for in it.

use actix_web::http::header::HeaderMap;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) const NAMESPACE: &str = "http://schemas.datacontract.org/2004/07/API.Models";

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body, which must be XML of this model, as the JSON of the same model.
    pub(crate) fn xml_as_json<T: DeserializeOwned + Serialize>(&self) -> Value {
        let read: Option<T> = datacontract::Contract::new(NAMESPACE)
            .read(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()));
        let written = trialogue_contract::json::write(&read.expect("not null")).unwrap();
        serde_json::from_str(&written).unwrap()
    }

    /// The value of a member of the JSON body.
    #[track_caller]
    pub(crate) fn number(&self, member: &str) -> i32 {
        let number = self.json()[member].as_i64().unwrap_or_else(|| panic!("{member}: {}", self.text()));
        i32::try_from(number).unwrap()
    }

    /// 200.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.text());
        self
    }

    /// 200 without body and `Content-Type`.
    #[track_caller]
    pub(crate) fn empty(self) {
        assert_eq!((self.status, self.text(), self.header("Content-Type")), (200, "", None));
    }

    /// An error of this status and code, in the framework's JSON form, told in a sentence; gives the sentence.
    #[track_caller]
    pub(crate) fn fails(&self, status: u16, code: &str) -> String {
        assert_eq!((self.status, self.header("X-Error-Code")), (status, Some(code)), "{}", self.text());
        assert_eq!(self.header("Content-Type"), Some("application/json; charset=utf-8"));
        assert!(self.header("X-Request-Id").is_some_and(|id| id.len() == 16));
        let error = self.json();
        let members: Vec<_> = error.as_object().unwrap().keys().map(String::as_str).collect();
        assert!(members == ["Message"] || members == ["Message", "ModelState"], "{members:?}");
        let message = error["Message"].as_str().unwrap().to_owned();
        assert_sentence(&message);
        message
    }

    /// The only member of the body that an invalid request's answer complains of, and what it says.
    #[track_caller]
    pub(crate) fn model_error(&self) -> (String, String) {
        let error = self.json();
        let state = error["ModelState"].as_object().unwrap_or_else(|| panic!("{}", self.text()));
        let [(key, messages)] = state.iter().collect::<Vec<_>>()[..] else { panic!("{}", self.text()) };
        let [message] = &messages.as_array().unwrap()[..] else { panic!("{}", self.text()) };
        let message = message.as_str().unwrap();
        assert_sentence(message);
        (key.clone(), message.to_owned())
    }
}

#[track_caller]
pub(crate) fn assert_sentence(text: &str) {
    assert!(text.starts_with(|c: char| c.is_uppercase() || c.is_numeric()), "no capital: {text}");
    assert!(text.ends_with('.') && !text.ends_with(".."), "no period: {text}");
}
