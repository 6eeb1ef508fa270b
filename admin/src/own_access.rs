//! Nobody takes his own way in away unasked while dialgate keeps out whoever has no right.

use dialgate_contract::Protocol;
use dialgate_contract::database::DatabaseError;
use rusqlite::Connection;

use crate::error::Error;
use crate::firewall::standing;
use crate::listing::ListError;
use crate::rights::Rights;
use crate::site::Site;
use crate::ssh_peer::{self, SshPeer};

/// SSH connections of the operator that have a right which they need, for the base policy is on.
#[derive(Debug)]
pub(crate) struct OwnAccess(Vec<SshPeer>);

impl OwnAccess {
    /// As it is before something is changed.
    pub(crate) fn before(ledger: &Connection, site: &Site) -> Result<Self, DatabaseError> {
        if standing(ledger, site)?.since.is_none() {
            return Ok(Self(Vec::new()));
        }
        let rights = Rights::load(ledger, site.now)?;
        let mut peers = ssh_peer::find(ledger)?;
        peers.retain(|peer| reaches(&rights, peer));
        Ok(Self(peers))
    }

    /// Refuses the change, which is not kept yet, when it takes away what was there before.
    pub(crate) fn remains(&self, ledger: &Connection, site: &Site) -> Result<(), Error> {
        if self.0.is_empty() {
            return Ok(());
        }
        let rights = Rights::load(ledger, site.now)?;
        match self.0.iter().find(|peer| !reaches(&rights, peer)) {
            None => Ok(()),
            Some(peer) => Err(ListError::MyEntry(*peer).into()),
        }
    }
}

fn reaches(rights: &Rights, peer: &SshPeer) -> bool {
    rights.reaches(peer.address, Protocol::Tcp, peer.port)
}
