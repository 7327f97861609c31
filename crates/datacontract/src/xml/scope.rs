//! Namespace bindings in scope.

use std::borrow::Cow;

use crate::error::{ErrorKind, Limit};
use crate::name::{ARRAYS, INSTANCE, SCHEMA, SERIALIZATION};

/// The namespace of `xml:` attributes.
const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// The namespace of declarations themselves.
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// What a namespace is to the `DataContract` rules. Resolved once where it is declared, so that an element
/// costs a comparison of one byte and not of two addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Namespace {
    None,
    Contract,
    Instance,
    Arrays,
    Serialization,
    Schema,
    Other,
}

/// A prefix takes as long to find as there are bindings. Two per element are more than any writer makes.
const MOST_BINDINGS: usize = 128;

/// The identity of the namespace of `xml:`.
const XML_IDENTITY: usize = usize::MAX;

struct Binding<'de> {
    prefix: &'de str,
    uri: Cow<'de, str>,
    namespace: Namespace,
    /// The index of the first binding in scope that has the same address.
    identity: usize,
}

/// The bindings in scope, innermost last.
pub(crate) struct Scope<'de> {
    contract: &'static str,
    bindings: Vec<Binding<'de>>,
}

impl<'de> Scope<'de> {
    pub(crate) fn new(contract: &'static str) -> Self {
        Self { contract, bindings: Vec::new() }
    }

    /// A mark to come back to when the element is closed.
    pub(crate) fn mark(&self) -> usize {
        self.bindings.len()
    }

    pub(crate) fn leave(&mut self, mark: usize) {
        self.bindings.truncate(mark);
    }

    /// Binds `prefix` (empty for the default namespace), or says what is wrong with that.
    pub(crate) fn bind(&mut self, prefix: &'de str, uri: Cow<'de, str>) -> Result<(), ErrorKind> {
        if prefix == "xmlns" || uri == XMLNS {
            return Err(ErrorKind::Syntax("the prefix xmlns and its namespace cannot be declared"));
        }
        if (prefix == "xml") != (uri == XML) {
            return Err(ErrorKind::Syntax("the prefix xml and its namespace belong together"));
        }
        if uri.is_empty() && !prefix.is_empty() {
            return Err(ErrorKind::Syntax("a prefix cannot be bound to no namespace"));
        }
        if self.bindings.len() == MOST_BINDINGS {
            return Err(ErrorKind::LimitExceeded(Limit::Namespaces));
        }
        let namespace = self.classify(&uri);
        let same = self.bindings.iter().position(|binding| binding.uri == uri);
        let identity = same.unwrap_or(self.bindings.len());
        self.bindings.push(Binding { prefix, uri, namespace, identity });
        Ok(())
    }

    pub(crate) fn classify(&self, uri: &str) -> Namespace {
        match uri {
            // First, for a contract may have any namespace, even none.
            contract if contract == self.contract => Namespace::Contract,
            "" => Namespace::None,
            INSTANCE => Namespace::Instance,
            ARRAYS => Namespace::Arrays,
            SERIALIZATION => Namespace::Serialization,
            SCHEMA => Namespace::Schema,
            _ => Namespace::Other,
        }
    }

    /// The namespace of an element's prefix; `None` if the prefix is unbound.
    pub(crate) fn resolve(&self, prefix: &str) -> Option<Namespace> {
        match self.find(prefix) {
            Some(binding) => Some(binding.namespace),
            None if prefix.is_empty() => Some(self.classify("")),
            None if prefix == "xml" => Some(Namespace::Other),
            None => None,
        }
    }

    /// The namespace of an attribute's prefix, and a number that tells it from all others in scope.
    pub(crate) fn identify(&self, prefix: &str) -> Option<(Namespace, usize)> {
        match self.find(prefix) {
            Some(binding) => Some((binding.namespace, binding.identity)),
            None => (prefix == "xml").then_some((Namespace::Other, XML_IDENTITY)),
        }
    }

    /// The address of a prefix that [`resolve`](Self::resolve) knows.
    pub(crate) fn uri(&self, prefix: &str) -> &str {
        match self.find(prefix) {
            Some(binding) => &binding.uri,
            None if prefix == "xml" => XML,
            None => "",
        }
    }

    fn find(&self, prefix: &str) -> Option<&Binding<'de>> {
        self.bindings.iter().rev().find(|binding| binding.prefix == prefix)
    }
}
