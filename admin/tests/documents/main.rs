//! What is written for operators is true: the commands can be typed so, and the programs say these words.
#![expect(clippy::unwrap_used, reason = "this is a test of files of the repository")]

mod guide;
mod messages;
mod repository;
