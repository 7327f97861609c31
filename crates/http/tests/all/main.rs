//! The wire layer, seen from outside: raw bytes to a real port, and the formats by themselves.

#[cfg(test)]
mod bodies;
#[cfg(test)]
mod client;
#[cfg(test)]
mod dates;
#[cfg(test)]
mod differences;
#[cfg(test)]
mod error_forms;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod json_reading;
#[cfg(test)]
mod json_writing;
#[cfg(test)]
mod negotiation;
#[cfg(test)]
mod paths;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod shapes;
#[cfg(test)]
mod xml_models;
