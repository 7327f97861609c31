//! Reads an order from standard input, or else a sample, and writes it back as .NET would.

use std::error::Error;
use std::io::{IsTerminal, Read};

use datacontract::Contract;
use serde::{Deserialize, Serialize};

const ORDERS: Contract = Contract::new("http://schemas.datacontract.org/2004/07/Shop.Models");

const SAMPLE: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<o:Order xmlns:o="http://schemas.datacontract.org/2004/07/Shop.Models">
  <o:Lines>
    <o:OrderLine><o:Price> 12.50 </o:Price><o:Article>Tea &amp; biscuits</o:Article></o:OrderLine>
  </o:Lines>
  <o:Id>7</o:Id>
</o:Order>"#;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Order {
    id: i32,
    customer: Option<String>,
    lines: Lines,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename = "ArrayOfOrderLine")]
struct Lines(Option<Vec<Option<OrderLine>>>);

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct OrderLine {
    article: Option<String>,
    price: Decimal,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename = "decimal")]
struct Decimal(String);

fn main() -> Result<(), Box<dyn Error>> {
    let mut body = Vec::new();
    if !std::io::stdin().is_terminal() {
        std::io::stdin().read_to_end(&mut body)?;
    }
    if body.is_empty() {
        body.extend_from_slice(SAMPLE.as_bytes());
    }
    match ORDERS.read::<Order>(&body) {
        Ok(order) => println!("{order:#?}\n\n{}", ORDERS.write(&order)?),
        Err(error) => println!("{error}"),
    }
    Ok(())
}
