//! `DataContract` XML, the form that .NET's `DataContractSerializer` reads and writes, as a serde data
//! format.
//!
//! ```
//! use datacontract::Contract;
//! use serde::{Deserialize, Serialize};
//!
//! const ORDERS: Contract = Contract::new("http://schemas.datacontract.org/2004/07/Shop.Models");
//!
//! #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
//! #[serde(default)]
//! struct Order {
//!     #[serde(rename = "Id")]
//!     id: i32,
//!     #[serde(rename = "Customer")]
//!     customer: Option<String>,
//!     #[serde(rename = "Tags")]
//!     tags: Strings,
//! }
//!
//! #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
//! #[serde(rename = "ArrayOfstring")]
//! struct Strings(Option<Vec<Option<String>>>);
//!
//! let order = Order { id: 7, customer: None, tags: Strings(Some(vec![Some("a<b".to_owned())])) };
//! let xml = ORDERS.write(&order)?;
//! assert_eq!(
//!     xml,
//!     concat!(
//!         r#"<Order xmlns:i="http://www.w3.org/2001/XMLSchema-instance""#,
//!         r#" xmlns="http://schemas.datacontract.org/2004/07/Shop.Models">"#,
//!         r#"<Customer i:nil="true" /><Id>7</Id>"#,
//!         r#"<Tags xmlns:d2p1="http://schemas.microsoft.com/2003/10/Serialization/Arrays">"#,
//!         r#"<d2p1:string>a&lt;b</d2p1:string></Tags></Order>"#,
//!     )
//! );
//! assert_eq!(ORDERS.read::<Order>(xml.as_bytes())?, order);
//!
//! let error = ORDERS.read::<Order>(xml.replace(">7<", ">seven<").as_bytes()).unwrap_err();
//! assert_eq!(error.path(), "Id");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Names
//! | Rust | XML |
//! | --- | --- |
//! | struct | an element per member, named as serde names it, in the contract's namespace |
//! | `None` | `i:nil="true"` |
//! | newtype `ArrayOfX` around `Vec` or `Option<Vec>` | a list of elements `X`, in the contract's namespace |
//! | the same, `X` a primitive such as `string` or `int` | a list in the namespace of arrays, with .NET's prefix `d{depth}p1` |
//! | newtype `string` | the text as it is |
//! | any other newtype, such as `decimal` or `dateTime` | what it holds; if that is text, it is read without white space around it |
//! | enum without data | the name of the variant |
//! | `bool`, integers, floats, `String`, `&str` | text, in the forms of .NET's `XmlConvert` |
//!
//! The name of a struct or of a list is also that of its root element. A newtype's content may be read by
//! `deserialize_any`, so that one implementation serves formats that have numbers, too. Tuples, maps, bytes,
//! units, characters and enums with data have no form here: an error says so.
//!
//! # Writing
//! Members are written in ordinal order, those of the base class first
//! ([`with_base_members`](Contract::with_base_members)), whatever the order of their declaration: the [data
//! member order](https://learn.microsoft.com/dotnet/framework/wcf/feature-details/data-member-order) of .NET.
//! The bytes are those of .NET's `XmlWriter` down to the space in `<X />`. Line ends become line feeds, as
//! any XML reader would make them. A character that XML cannot hold is an error: what is written is always
//! well-formed.
//!
//! # Reading
//! Members may have **any order** (.NET silently loses those out of order), any prefix, and others among
//! them, which are skipped. A missing member is serde's to judge: say `#[serde(default)]` for .NET's rule.
//! Refused are, each with its own [`ErrorKind`]: members given twice, references between objects (`z:Id`,
//! `z:Ref`), an `i:type` that names another type, null for what cannot be null, text among elements and
//! elements within text.
//!
//! The XML is [XML 1.0](https://www.w3.org/TR/xml/) with [namespaces](https://www.w3.org/TR/xml-names/) in
//! UTF-8, without document types, entities of one's own and processing instructions. [`Limits`] bound what a
//! document may cost. A [`ReadError`] knows line, column and member, and never displays a value.

mod contract;
mod error;
mod name;
mod order;
mod read;
mod write;
mod xml;

pub use contract::{Contract, Limits};
pub use error::{ErrorKind, Limit, Name, ReadError};
pub use write::{WriteError, WriteErrorKind};
