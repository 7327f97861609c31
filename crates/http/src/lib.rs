//! The actix-web adapter: wire types, negotiation, authentication, routes.
