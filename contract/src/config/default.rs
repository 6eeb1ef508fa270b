//! What holds where the file says nothing.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::{
    Agi, Anchor, Backend, BasePolicy, ChainName, Config, Firewall, Lease, Mail, Metrics, Tls,
    Transport,
};
use crate::Lifetime;

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: "/var/lib/dialgate".into(),
            pepper_file: "/etc/dialgate/pepper".into(),
            user: "dialgate".to_owned(),
            agi: Agi::default(),
            lease: Lease::default(),
            firewall: Firewall::default(),
            base_policy: BasePolicy::default(),
            mail: Mail::default(),
            metrics: Metrics::default(),
        }
    }
}

impl Default for Agi {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 4573)),
            allow_other_hosts: false,
            max_calls: 64,
            wait_for_open: Lifetime::from_seconds(10).unwrap_or(Lifetime::hours(1)),
        }
    }
}

impl Default for Lease {
    fn default() -> Self {
        Self {
            default: Lifetime::hours(24),
            max: Lifetime::hours(7 * 24),
            addresses_per_account: 1,
            idle_end: None,
            reminder: None,
            account_requests_per_hour: 10,
            site_requests_per_hour: 300,
        }
    }
}

impl Default for Firewall {
    fn default() -> Self {
        Self {
            backend: Backend::Ipset,
            chain: ChainName::ours(),
            anchor: Anchor::Auto,
            allow_private: false,
            unban: false,
        }
    }
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            transport: Transport::Smtp,
            host: "localhost".to_owned(),
            port: 25,
            tls: Tls::None,
            username: String::new(),
            password_file: PathBuf::new(),
            from: "dialgate <dialgate@localhost>".to_owned(),
            directory: PathBuf::new(),
            operator: Vec::new(),
            templates: PathBuf::new(),
        }
    }
}
