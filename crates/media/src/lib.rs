//! The video engine port and its adapters.
