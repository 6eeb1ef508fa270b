//! What the acceptance tests share: a real Asterisk, network namespaces, and a skip that shows.

pub mod asterisk;
pub mod disk;
pub mod fault;
pub mod host;
pub mod internet;
pub mod mail_server;
pub mod namespace;
pub mod programs;
pub mod real;
pub mod root_side;
pub mod round;
pub mod site;
pub mod telephone_side;
pub mod wait;
