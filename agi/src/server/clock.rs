use jiff::Timestamp;

/// The one place where the telephone side asks what time it is.
#[expect(clippy::disallowed_methods, reason = "requests carry the time at which they were made")]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}
