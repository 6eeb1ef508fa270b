//! What the demo says around the call. Every line ends with a line feed and fits into 80 columns.

use std::net::Ipv4Addr;

use jiff::tz::TimeZone;

use super::evidence::{Evidence, Firewall};
use super::kernel::Kernel;
use super::letter::Letter;
use super::network::{Arrivals, neighbour_of};
use super::site::{Account, Lease};
use crate::telephone::{Page, Style, WIDTH};

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
            "The firewall is the kernel's, in a network of its own that lets nothing in and ends with this demo."
                .to_owned()
        }
        Kernel::Untouched(why) => {
            format!("Your firewall is left alone, because {why}: at the end is what it would have been sent.")
        }
    };
    [
        "\n".to_owned(),
        paragraph(&style.strong("dialgate")),
        "\n".to_owned(),
        paragraph(
            "You are a traveller in a hotel. Call home, key in the address of the hotel's network, and your PBX \
             lets in that address and no other.",
        ),
        "\n".to_owned(),
        paragraph(&firewall),
        "\n".to_owned(),
        labelled("account", &style.strong(&account.account), style),
        labelled("PIN", &style.strong(&account.pin), style),
        labelled("address", &format!("{}   * is the dot; any public address will do", style.strong(address_keys)), style),
    ]
    .concat()
}

/// Who gets in before the call.
pub(super) fn before(address: Ipv4Addr, arrivals: Arrivals, style: Style) -> String {
    format!("\n{}", doors("before", address, arrivals, style))
}

/// What came of the call.
pub(super) fn after(evidence: &Evidence, zone: &TimeZone, style: Style) -> String {
    let line = style.faint(&"─".repeat(WIDTH - MARGIN));
    let mut text = format!("\n{}{line}\n\n", " ".repeat(MARGIN));
    let Some(lease) = &evidence.lease else {
        let result = evidence.result.as_deref().unwrap_or("not at all");
        return text
            + &labelled("lease", &format!("none; the call ended as: {result}"), style)
            + "\n";
    };
    text += &labelled("lease", &summary(lease, zone), style);
    match &evidence.firewall {
        Firewall::Untouched { rules } => text += &labelled("planned", rules, style),
        Firewall::Real { rules, after, .. } => {
            text += &labelled("kernel", rules, style);
            if let (Some(after), Ok(address)) = (after, lease.address.parse()) {
                text += &format!("\n{}", doors("after", address, *after, style));
            }
        }
    }
    text += &match &evidence.letter {
        Some(letter) => format!("\n{}", post(letter, style)),
        None => labelled("letter", "none", style),
    };
    text + "\n"
}

/// The end: that all was as said, or what was not.
pub(super) fn verdict(faults: &[String], style: Style) -> String {
    if faults.is_empty() {
        return paragraph(
            &style.good("All of it is as it should be, and nothing of it stays behind."),
        );
    }
    faults
        .iter()
        .map(|fault| paragraph(&style.bad(&format!("Not as it should be: {fault}"))))
        .collect()
}

fn summary(lease: &Lease, zone: &TimeZone) -> String {
    let until =
        lease.expires_at.to_zoned(zone.clone()).strftime("%A, %-d %B, %-I:%M %P").to_string();
    format!("{} for {}: {} until {until}", lease.id, lease.address, lease.services.join(", "))
}

fn doors(when: &str, address: Ipv4Addr, arrivals: Arrivals, style: Style) -> String {
    let door = |address: Ipv4Addr, open: bool| {
        let gets = if open { style.good("gets in") } else { "is kept out".to_owned() };
        format!("a datagram from {address} to port 5060 {gets}")
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

/// `label` before the first line of `text`, and its further lines below that.
fn labelled(label: &str, text: &str, style: Style) -> String {
    let mut page = Page::new(LABELLED);
    let mut out = " ".repeat(MARGIN * 2) + &style.faint(label);
    out += &" ".repeat(LABELLED - MARGIN * 2 - label.len());
    out.push_str(&page.raw("", LABELLED));
    for line in text.lines() {
        let fits = LABELLED + line.chars().count() <= WIDTH;
        out += &if fits { page.line(line) } else { page.words(line) };
        out.push('\n');
        page = Page::new(LABELLED);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::evidence::tests::good;
    use super::*;

    #[test]
    fn what_came_of_a_call_fits_the_page_and_says_everything() {
        let text = after(&good(), &TimeZone::UTC, Style::Plain);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        let said = "    lease     L1 for 12.34.56.78: sip, rtp until Friday, 20 November, 6:00 pm
    kernel    add dg-sip-4 12.34.56.78 timeout 86399

    after     a datagram from 12.34.56.78 to port 5060 gets in
              a datagram from 12.34.56.79 to port 5060 is kept out

    letter    to ada@hotel.example: Open
              Hello,
              12.34.56.78 is open.
";
        assert!(text.contains(said), "{text}");
    }

    #[test]
    fn a_call_that_opened_nothing_says_how_it_ended() {
        let mut evidence = good();
        (evidence.lease, evidence.result) = (None, Some("hangup".into()));
        let text = after(&evidence, &TimeZone::UTC, Style::Plain);
        assert!(text.ends_with("    lease     none; the call ended as: hangup\n\n"), "{text}");
    }

    #[test]
    fn every_fault_is_named_at_the_end() {
        let text = verdict(&["there is no lease".into()], Style::Plain);
        assert_eq!(text, "  Not as it should be: there is no lease\n");
    }
}
