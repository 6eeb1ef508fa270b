//! Skeleton.

pub mod protocol;
