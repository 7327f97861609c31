//! Documents in, documents out.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where it is")]

mod golden;
mod hostile;
mod models;
mod properties;
mod reading;
mod writing;

use datacontract::Contract;

const NAMESPACE: &str = "http://schemas.datacontract.org/2004/07/API.Models";
const CONTRACT: Contract = Contract::new(NAMESPACE);
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
const ARRAYS: &str = "http://schemas.microsoft.com/2003/10/Serialization/Arrays";

/// A document of which `content` is what the root holds.
fn document(root: &str, content: &str) -> String {
    format!(r#"<{root} xmlns:i="{INSTANCE}" xmlns="{NAMESPACE}">{content}</{root}>"#)
}
