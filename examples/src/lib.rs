//! Small programs around Tieline.
//!
//! ```text
//! water_utility   a generator: one shift of a small water utility, with an intrusion from office to controller
//! ```
//!
//! What is here is read and run by people who want to see something happen. Nothing in the engine depends on it.

pub mod water_utility;
