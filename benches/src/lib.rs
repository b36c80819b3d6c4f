//! The benchmarks of Tieline: lanes of events, contenders over the same bytes, answers before times.
//!
//! ```text
//! corpus ─▶ lanes ──┐
//!        ─▶ rules ──┼▶ contenders ─▶ answers (checked) ─▶ times (interleaved, medians) ─▶ tables
//! generated ────────┘
//! ```
//!
//! Nothing here asserts a time. What is asserted are answers: a contender of ours that finds other
//! detections than expected is not timed at all.

pub mod adversary;
pub mod answers;
pub mod contenders;
pub mod corpus;
pub mod exercises;
pub mod generated;
pub mod growth;
pub mod indicators;
pub mod lane;
pub mod latency;
pub mod loading;
pub mod machine;
pub mod memo;
pub mod plant;
pub mod report;
pub mod timelines;
pub mod timing;
pub mod variants;
