use std::net::IpAddr;

use dialgate_contract::{Ports, Protocol};
use ipnet::IpNet;

use super::{Cut, Family, UnreadableError};

/// One flow that the kernel keeps track of, as its first packet was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flow {
    source: IpAddr,
    destination: IpAddr,
    /// Of a protocol that services know: where from and where to.
    ports: Option<(Protocol, u16, u16)>,
}

impl Flow {
    /// Reads a line that `conntrack -L -o extended` printed.
    pub(super) fn parse(line: &str) -> Result<Self, UnreadableError> {
        Self::read(line).ok_or_else(|| UnreadableError::new("conntrack", line))
    }

    /// The words of the first packet come first, those of its answer behind them.
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace().skip(3);
        let protocol = match words.next()?.parse::<u8>().ok()? {
            6 => Some(Protocol::Tcp),
            17 => Some(Protocol::Udp),
            _ => None,
        };
        let mut find = |key: &str| words.find_map(|word| word.strip_prefix(key));
        let source: IpAddr = find("src=")?.parse().ok()?;
        let destination: IpAddr = find("dst=")?.parse().ok()?;
        if source.is_ipv4() != destination.is_ipv4() {
            return None;
        }
        let ports = match protocol {
            Some(protocol) => {
                let (from, to) = (find("sport=")?.parse().ok()?, find("dport=")?.parse().ok()?);
                Some((protocol, from, to))
            }
            None => None,
        };
        Some(Self { source, destination, ports })
    }

    /// The other ends that the flow may be one of: whoever began it, or whom this machine called.
    pub(super) fn ends(&self) -> [IpAddr; 2] {
        [self.source, self.destination]
    }

    /// Whether it ends by a cut. This machine's own port is the one that the flow was sent to, or began from.
    pub(super) fn is_cut_by(&self, cut: &Cut) -> bool {
        let [began, called] = match self.ports {
            Some((protocol, from, to)) => [Some((protocol, to)), Some((protocol, from))],
            None => [None, None],
        };
        let is_lost = |other: IpAddr, port| {
            let keeps = |(network, ports): &(IpNet, Ports)| {
                network.contains(&other) && includes(ports, port)
            };
            cut.network().contains(&other)
                && includes(cut.lost(), port)
                && !cut.kept().iter().any(keeps)
        };
        is_lost(self.source, began) || is_lost(self.destination, called)
    }

    /// What `conntrack -R` is told to end it.
    pub(super) fn deletion(&self) -> String {
        let Self { source, destination, ports } = self;
        let ends =
            format!("{} -s {source} -d {destination}", deletion(Family::of((*source).into())));
        match ports {
            Some((protocol, from, to)) => {
                format!("{ends} -p {protocol} --sport {from} --dport {to}\n")
            }
            None => format!("{ends}\n"),
        }
    }
}

/// What `conntrack -R` is told to end every flow of a network.
pub(super) fn deletion_of_all(network: IpNet) -> String {
    let delete = deletion(Family::of(network));
    format!("{delete} -s {network}\n{delete} -d {network}\n")
}

const fn deletion(family: Family) -> &'static str {
    match family {
        Family::V4 => "-D -f ipv4",
        Family::V6 => "-D -f ipv6",
    }
}

/// A protocol without ports is among all of them only.
fn includes(ports: &Ports, port: Option<(Protocol, u16)>) -> bool {
    match port {
        Some((protocol, port)) => ports.contain(protocol, port),
        None => *ports == Ports::All,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINE: &str = "ipv4     2 udp      17 29 src=12.34.56.78 dst=81.2.69.142 sport=44220 dport=5060 \
                        [UNREPLIED] src=81.2.69.142 dst=12.34.56.78 sport=5060 dport=44220 mark=0 use=1";

    #[test]
    fn a_flow_is_what_its_first_packet_was() {
        let flow = Flow::parse(LINE).unwrap();
        assert_eq!(
            flow.deletion(),
            "-D -f ipv4 -s 12.34.56.78 -d 81.2.69.142 -p udp --sport 44220 --dport 5060\n"
        );
        let six = "ipv6     10 tcp      6 431999 ESTABLISHED src=2a00::1 dst=2a01::1 sport=1 dport=5061 src=2a01::1 \
                   dst=2a00::1 sport=5061 dport=1 [ASSURED] mark=0 secctx=x zone=1 use=1";
        assert_eq!(
            Flow::parse(six).unwrap().deletion(),
            "-D -f ipv6 -s 2a00::1 -d 2a01::1 -p tcp --sport 1 --dport 5061\n"
        );
        let icmp = "ipv4     2 icmp     1 29 src=1.1.1.1 dst=2.2.2.2 type=8 code=0 id=9 src=2.2.2.2 dst=1.1.1.1 type=0";
        assert_eq!(Flow::parse(icmp).unwrap().deletion(), "-D -f ipv4 -s 1.1.1.1 -d 2.2.2.2\n");
    }

    #[test]
    fn a_line_that_tells_of_no_flow_is_an_error() {
        for bad in [
            "",
            "ipv4 2 udp 17",
            "ipv4 2 udp 17 29 src=12.34.56.78 dst=::1 sport=1 dport=2",
            "ipv4 2 udp 17 29 src=12.34.56.78 dst=1.1.1.1 sport=1",
            "ipv4 2 udp 17 29 src=12.34.56.78 dst=1.1.1.1 sport=1 dport=65536",
            "ipv4 2 udp x 29 src=12.34.56.78 dst=1.1.1.1 sport=1 dport=2",
            "ipv4 2 udp 17 29 dst=1.1.1.1 src=12.34.56.78 sport=1 dport=2",
        ] {
            assert!(Flow::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_refused(
            line in "(ipv[46] |[0-9]{1,6} |udp |tcp |src=[0-9.:]{0,9} |dst=[0-9.:]{0,9} |[sd]port=[0-9]{0,6} |\\PC){0,12}"
        ) {
            if let Ok(flow) = Flow::parse(&line) {
                let deletion = flow.deletion();
                let grammar = |c: char| c.is_ascii_alphanumeric() || " -.:\n".contains(c);
                prop_assert!(deletion.chars().all(grammar), "{deletion:?}");
            }
        }

        #[test]
        fn a_flow_reads_back_as_it_was_printed(
            source: [u8; 4], destination: [u8; 4], from in 1u16.., to in 1u16.., udp: bool,
        ) {
            let (name, number) = if udp { ("udp", 17) } else { ("tcp", 6) };
            let [source, destination] = [source, destination].map(IpAddr::from);
            let line = format!(
                "ipv4     2 {name}      {number} 29 src={source} dst={destination} sport={from} dport={to} \
                 src={destination} dst={source} sport={to} dport={from} mark=0 use=1"
            );
            let protocol = if udp { Protocol::Udp } else { Protocol::Tcp };
            let ports = Some((protocol, from, to));
            prop_assert_eq!(Flow::parse(&line).unwrap(), Flow { source, destination, ports });
        }
    }
}
