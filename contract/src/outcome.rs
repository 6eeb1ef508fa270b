use crate::text_enum::text_enum;

text_enum! {
    /// What was decided of a request, once it was carried out.
    pub enum Decision ("decision") {
        /// The address was let in.
        Open = "open",
        /// The address was in already; its time now ends later.
        Extended = "extended",
        /// What was open is closed.
        Closed = "closed",
        /// The PIN is another, and what was open is closed.
        PinChanged = "pin-changed",
        /// Whoever was to be told has a letter in the outbox.
        Told = "told",
        /// Nothing was opened; a [`Refusal`] says why.
        Refused = "refused",
    }
}

text_enum! {
    /// Why a request was refused, as the caller hears it and the operator reads it.
    pub enum Refusal ("reason for a refusal") {
        /// No such account, or it is disabled. One word for both: the caller is not told which.
        Account = "account",
        /// The address is private or shared by a carrier's customers.
        PrivateAddress = "private-address",
        /// The address is set aside for another purpose: loopback, multicast, documentation and the like.
        SpecialAddress = "special-address",
        /// The address is this machine's own.
        OwnAddress = "own-address",
        /// The operator keeps the address out.
        DeniedAddress = "denied-address",
        /// fail2ban keeps the address out.
        BannedAddress = "banned-address",
        /// Longer than the account or the site allows.
        Lifetime = "lifetime",
        /// More requests in an hour than an account, or the whole site, is allowed.
        TooMany = "too-many",
        /// There is nothing open to extend or to close.
        NothingOpen = "nothing-open",
        /// Too old to be believed when it was read.
        Stale = "stale",
    }
}
