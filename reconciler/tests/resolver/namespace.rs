use crate::own_namespace::in_own_namespaces;

/// Makes the system's resolver ask this machine, and nobody but it.
const ASK_HERE: &str = "
    ip link set lo up
    mount -t tmpfs tmpfs /mnt
    echo 'nameserver 127.0.0.1' >/mnt/resolv.conf
    echo 'hosts: files dns' >/mnt/nsswitch.conf
    echo '127.0.0.1 localhost' >/mnt/hosts
    for file in resolv.conf nsswitch.conf hosts; do mount --bind /mnt/$file /etc/$file; done
";

/// Runs a test of this program where the DNS is at 127.0.0.1.
pub(crate) fn with_own_dns<F: FnOnce()>(body: F) {
    in_own_namespaces(&["--net", "--mount"], &[], ASK_HERE, body);
}
