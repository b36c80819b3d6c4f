//! Reading nested parts of saved rules without trusting how deep they go.
//!
//! ```text
//! Not(Not(Not(...)))   ─▶   an error at depth 200, not the end of the stack
//! ```
//!
//! Rules that were checked are far below the bound; only a forged file reaches it.

use serde::{Deserialize, Deserializer, de};
use std::cell::Cell;

/// Depth at which reading stops: conditions, selections and tests together.
const DEPTH_MAX: u32 = 200;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Reads a part that may hold parts of the same kind.
pub(super) fn read<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    let depth = DEPTH.get();
    if depth >= DEPTH_MAX {
        return Err(de::Error::custom("nested too deeply"));
    }
    DEPTH.set(depth + 1);
    let part = T::deserialize(deserializer);
    DEPTH.set(depth);
    part
}
