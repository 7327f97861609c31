//! The formats and models by themselves.

#[cfg(test)]
mod dates;
#[cfg(test)]
mod json_reading;
#[cfg(test)]
mod json_writing;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod xml_models;
