//! The plan: cases in folders, and what holds for all of them.

#[cfg(test)]
mod cases;
#[cfg(test)]
mod properties;
