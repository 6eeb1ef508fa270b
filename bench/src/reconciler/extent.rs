/// How much is measured.
#[derive(Debug, Clone)]
pub(crate) struct Extent {
    leases: Vec<u32>,
    is_quick: bool,
}

/// From here on a round takes so long that fewer must do.
const SOME: u32 = 10_000;
/// And from here on one must.
const MANY: u32 = 200_000;

impl Extent {
    /// With this many leases, or as many as are worth knowing about.
    pub(crate) fn new(leases: Option<u32>, is_quick: bool) -> Self {
        let leases = match leases {
            Some(leases) => vec![leases],
            None if is_quick => vec![200],
            None => vec![1_000, 60_000, 1_000_000],
        };
        Self { leases, is_quick }
    }

    pub(super) fn leases(&self) -> &[u32] {
        &self.leases
    }

    pub(super) const fn changes(&self) -> &'static [u32] {
        if self.is_quick { &[1, 100] } else { &[1, 100, 10_000] }
    }

    /// How often a change among so many leases is made, there and back.
    pub(super) const fn rounds(&self, leases: u32) -> u32 {
        match leases {
            _ if self.is_quick => 1,
            ..SOME => 25,
            SOME..MANY => 5,
            MANY.. => 1,
        }
    }

    /// How often a process is started that is over at once.
    pub(super) const fn starts(&self) -> u32 {
        if self.is_quick { 3 } else { 20 }
    }

    /// Addresses in the rules that a packet passes.
    pub(super) const fn listed(&self) -> &'static [u32] {
        if self.is_quick { &[10, 100] } else { &[10, 100, 1_000, 10_000, 100_000] }
    }

    /// How often a burst of packets is sent.
    pub(super) const fn bursts(&self) -> u32 {
        if self.is_quick { 2 } else { 9 }
    }
}
