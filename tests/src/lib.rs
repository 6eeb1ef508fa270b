//! What the acceptance tests share: a real Asterisk, network namespaces, and a skip that shows.

pub mod asterisk;
pub mod disk;
pub mod host;
pub mod mail_server;
pub mod namespace;
pub mod programs;
pub mod real;
pub mod site;
pub mod telephone_side;
pub mod wait;
