//! What the demo says around the call. Every line ends with a line feed and fits into 80 columns.

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
        paragraph(
            "You are a traveller in a hotel. Call home, key in the address of the hotel's network, and your PBX \
             lets in that address and no other.",
        ),
        paragraph(&firewall),
        "\n".to_owned(),
        labelled("account", &style.strong(&account.account), style),
        labelled("PIN", &style.strong(&account.pin), style),
        labelled("address", &format!("{}   * is the dot; any public address will do", style.strong(address_keys)), style),
    ]
    .concat()
}

/// Who gets in before the call.
pub(super) fn before(address: std::net::Ipv4Addr, arrivals: Arrivals, style: Style) -> String {
    format!("\n{}", doors("before", address, arrivals, style))
}

/// What came of the call.
pub(super) fn after(evidence: &Evidence, zone: &TimeZone, style: Style) -> String {
    let mut text =
        format!("\n{}{}\n\n", " ".repeat(MARGIN), style.faint(&"─".repeat(WIDTH - MARGIN)));
    match &evidence.lease {
        Some(lease) => text += &labelled("lease", &summary(lease, zone), style),
        None => text += &labelled("lease", "none", style),
    }
    match &evidence.firewall {
        Firewall::Real { rules, .. } => text += &labelled("kernel", rules, style),
        Firewall::Untouched { rules } => text += &labelled("would send", rules, style),
    }
    if let (Firewall::Real { after: Some(after), .. }, Some(lease)) =
        (&evidence.firewall, &evidence.lease)
        && let Ok(address) = lease.address.parse()
    {
        text += &format!("\n{}", doors("after", address, *after, style));
    }
    match &evidence.letter {
        Some(letter) => text += &format!("\n{}", post(letter, style)),
        None => text += &labelled("letter", "none", style),
    }
    text + "\n"
}

/// The end: that all was as said, or what was not.
pub(super) fn verdict(faults: &[String], style: Style) -> String {
    if faults.is_empty() {
        return paragraph(
            &style.good("All of it was as it should be. Everything here is gone now."),
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

fn doors(when: &str, address: std::net::Ipv4Addr, arrivals: Arrivals, style: Style) -> String {
    let door = |address: std::net::Ipv4Addr, open: bool| {
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
