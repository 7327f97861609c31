//! DataContract XML as a serde data format.
