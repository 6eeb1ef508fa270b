//! The AGI protocol as a whole: recorded sessions, properties, and the disasters of others.

#[cfg(test)]
mod disasters;
#[cfg(test)]
mod parse_args;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod recording;
#[cfg(test)]
mod transcripts;
