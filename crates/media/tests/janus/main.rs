//! The Janus engine against a real Janus. Without one the tests fail, with the package to install.

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod events;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod links;
#[cfg(test)]
mod notifications;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod removal;
#[cfg(test)]
mod visitors;
