//! What the demo says around the call. Every line ends with a line feed and fits into 80 columns.

use std::net::Ipv4Addr;

use jiff::tz::TimeZone;

use super::evidence::{Evidence, Firewall};
use super::kernel::Kernel;
use super::letter::Letter;
use super::network::{Arrivals, neighbour_of};
use super::site::{Account, Lease};
use crate::telephone::{Page, Style};

const MARGIN: usize = 2;
const LABELLED: usize = 14;

/// Who you are, and what you may key in.
pub(super) fn opening(
    account: &Account,
    address_keys: &str,
    kernel: &Kernel,
    style: Style,
) -> String {
    let firewall = match kernel {
        Kernel::Real(_) => {
            "The firewall is the kernel's own, in a private network that is gone when the demo ends."
                .to_owned()
        }
        Kernel::Untouched(why) => {
            format!("The firewall is left alone: {why}. At the end you see what it would have been told.")
        }
    };
    let name = style.strong("dialgate");
    [
        "\n".to_owned(),
        paragraph(&format!(
            "{name}: you are a traveller in a hotel. Call home, key in the address of the hotel's network, and your \
             PBX lets in that address and no other. {firewall}"
        )),
        "\n".to_owned(),
        labelled("account", &style.strong(&account.account), style),
        labelled("PIN", &style.strong(&account.pin), style),
        labelled("address", &format!("{}   * is the dot; any public address will do", style.strong(address_keys)), style),
    ]
    .concat()
}

/// Who gets in before the call.
pub(super) fn before(address: Ipv4Addr, arrivals: Arrivals, style: Style) -> String {
    doors("before", address, arrivals, style)
}

/// What came of the call, the proof last.
pub(super) fn after(evidence: &Evidence, zone: &TimeZone, style: Style) -> String {
    let mut text = "\n".to_owned();
    if let Some(letter) = &evidence.letter {
        text += &(post(letter, style) + "\n");
    }
    let lease = match &evidence.lease {
        Some(lease) => summary(lease, zone),
        None => format!("none: {}", ending(evidence.result.as_deref())),
    };
    text += &labelled("lease", &lease, style);
    text += &match &evidence.firewall {
        Firewall::Untouched { rules } => orders("planned", rules, style),
        Firewall::Real { rules, address, after, .. } => {
            orders("kernel", rules, style) + "\n" + &doors("after", *address, *after, style)
        }
    };
    text + "\n"
}

/// The end: that all was as said, or what was not.
pub(super) fn verdict(faults: &[String], style: Style) -> String {
    if faults.is_empty() {
        return paragraph(
            &style.good("Everything is as it should be, and nothing is left behind."),
        );
    }
    faults
        .iter()
        .map(|fault| paragraph(&style.bad(&format!("Not as it should be: {fault}."))))
        .collect()
}

fn summary(lease: &Lease, zone: &TimeZone) -> String {
    let until =
        lease.expires_at.to_zoned(zone.clone()).strftime("%A, %-d %B, %-I:%M %P").to_string();
    format!("{} for {}: {} until {until}", lease.id, lease.address, lease.services.join(", "))
}

/// Why nothing was opened.
fn ending(result: Option<&str>) -> String {
    match result {
        Some("hangup") => "you hung up before you had confirmed an address".to_owned(),
        Some("failed-login") => "there was no right account number and PIN".to_owned(),
        Some("refused") => "there was no address that could be let in".to_owned(),
        Some(other) => format!("the call ended as \"{other}\""),
        None => "the call broke off".to_owned(),
    }
}

fn doors(when: &str, address: Ipv4Addr, arrivals: Arrivals, style: Style) -> String {
    let door = |address: Ipv4Addr, open: bool| {
        let gets = if open { style.good("gets in") } else { "is kept out".to_owned() };
        format!("a packet from {address} to port 5060 {gets}")
    };
    let both = [door(address, arrivals.traveller), door(neighbour_of(address), arrivals.neighbour)];
    labelled(when, &both.join("\n"), style)
}

fn post(letter: &Letter, style: Style) -> String {
    let head = format!("to {}: {}", letter.to, style.strong(&letter.subject));
    labelled("letter", &format!("{head}\n{}", letter.text), style)
}

fn paragraph(text: &str) -> String {
    format!("{}\n", Page::new(MARGIN).words(text))
}

/// `label` before the first line of `text`, and its further lines below that; nothing when there is no text.
fn labelled(label: &str, text: &str, style: Style) -> String {
    beside(label, text, 0, style)
}

/// The same for orders to ipset and iptables, one in a line: what does not fit into it goes on further in.
fn orders(label: &str, text: &str, style: Style) -> String {
    beside(label, text, 2, style)
}

fn beside(label: &str, text: &str, hang: usize, style: Style) -> String {
    let mut out = String::new();
    for (number, line) in text.lines().enumerate() {
        let mut page = Page::new(LABELLED);
        if number == 0 {
            let blanks = " ".repeat(LABELLED - MARGIN * 2 - label.len());
            let head = format!("{}{}{blanks}", " ".repeat(MARGIN * 2), style.faint(label));
            out += &page.raw(&head, LABELLED);
        }
        out += &page.line(line, hang);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::evidence::tests::{good, nothing};
    use super::*;

    #[test]
    fn what_came_of_a_call_fits_the_page_and_says_everything() {
        let text = after(&good(), &TimeZone::UTC, Style::Plain);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let said = "    letter    to ada@hotel.example: Open
              Hello,
              12.34.56.78 is open.

    lease     L1 for 12.34.56.78: sip, rtp until Friday, 20 November, 6:00 pm
    kernel    add dg-sip-4 12.34.56.78 timeout 86399
              -A DIALGATE -p udp -m udp --dport 5060:5069 -m set --match-set
                dg-sip-4 src -j ACCEPT

    after     a packet from 12.34.56.78 to port 5060 gets in
              a packet from 12.34.56.79 to port 5060 is kept out
";
        assert!(text.contains(said), "{text}");
    }

    #[test]
    fn a_call_that_opened_nothing_says_why_and_who_is_kept_out() {
        let text = after(&nothing("hangup"), &TimeZone::UTC, Style::Plain);
        let said = "    lease     none: you hung up before you had confirmed an address

    after     a packet from 12.34.56.78 to port 5060 is kept out
              a packet from 12.34.56.79 to port 5060 is kept out
";
        assert!(text.contains(said), "{text}");
        assert!(!text.contains("letter") && !text.contains("kernel"), "{text}");
    }

    #[test]
    fn every_fault_is_named_at_the_end() {
        let text = verdict(&["there is no lease".into(), "no letter".into()], Style::Plain);
        assert_eq!(
            text,
            "  Not as it should be: there is no lease.\n  Not as it should be: no letter.\n"
        );
    }
}
