//! The wire layer, seen from outside: raw bytes to a real port.

#[cfg(test)]
mod bodies;
#[cfg(test)]
mod client;
#[cfg(test)]
mod differences;
#[cfg(test)]
mod error_forms;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod negotiation;
#[cfg(test)]
mod paths;
#[cfg(test)]
mod shapes;
