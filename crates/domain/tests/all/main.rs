//! Tests of the rules of a call, from single sentences to every reachable state of a small world.

#[cfg(test)]
mod account_pair;
#[cfg(test)]
mod availability;
#[cfg(test)]
mod deadlines;
#[cfg(test)]
mod edges;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod matching;
#[cfg(test)]
mod naive_model;
#[cfg(test)]
mod presence;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod purity;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod released;
#[cfg(test)]
mod ring_plans;
#[cfg(test)]
mod search;
#[cfg(test)]
mod situations;
#[cfg(test)]
mod small_world;
#[cfg(test)]
mod state_table;
#[cfg(test)]
mod story;
mod successor;
#[cfg(test)]
mod waits;
