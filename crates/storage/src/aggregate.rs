//! How a conference is loaded, changed and saved: the one way for both databases (`batch.rs`).

pub(crate) mod batch;
pub(crate) mod company;
pub(crate) mod decision;
pub(crate) mod find;
pub(crate) mod images;
pub(crate) mod interpreter;
pub(crate) mod language;
pub(crate) mod load;
pub(crate) mod missed;
pub(crate) mod needs;
pub(crate) mod offered;
pub(crate) mod recent_views;
pub(crate) mod released;
pub(crate) mod verdict;
pub(crate) mod view;
