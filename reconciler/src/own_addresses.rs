//! This machine's addresses, which no traveller is at.

use std::collections::BTreeSet;
use std::net::IpAddr;

/// The addresses of all interfaces.
///
/// # Errors
/// When the kernel does not tell.
pub(crate) fn own_addresses() -> std::io::Result<BTreeSet<IpAddr>> {
    let interfaces = nix::ifaddrs::getifaddrs()?;
    Ok(interfaces
        .filter_map(|interface| {
            let address = interface.address?;
            let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
            v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::own_addresses;

    #[test]
    fn the_loopback_address_is_our_own() {
        assert!(own_addresses().unwrap().contains(&"127.0.0.1".parse().unwrap()));
    }
}
