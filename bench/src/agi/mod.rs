//! What a call costs: dialgate-agi beside a bare line echo, the floor, and beside other FastAGI servers, which all have
//! the same conversation with the same callers in the same run.

mod caller;
mod extent;
mod figures;
mod floor;
mod host;
mod idle;
mod load;
mod oracle;
mod peers;
mod script;
mod server;
mod site;
mod table;

use std::io;

pub(crate) use extent::Extent;
pub(crate) use floor::serve;
pub(crate) use oracle::{Doubt, oracle};

use figures::Figures;
use host::Host;
use load::Load;
use peers::{Peer, Work};
use script::Script;
use server::Server;
use site::{Hash, Recording, Site};
use table::{Row, Section};

static NO_PIN: Script = Script::no_pin();
static WHOLE_CALL: Script = Script::whole_call();

/// Measures all that `extent` says, and prints it.
pub(crate) fn measure(extent: Extent) -> io::Result<String> {
    let host = Host::prepare()?;
    let before = Host::load_average()?;
    let conversations = conversations(&host, extent)?;
    let [cheap, real] = whole_calls(&host, extent)?;
    let sections = [conversations, cheap, real];
    let mut report = table::print(&sections);
    let after = Host::load_average()?;
    report += &format!("load average of the machine before and after: {before}, {after}\n");
    Ok(report)
}

/// The servers' own work: nothing is read, hashed or written.
fn conversations(host: &Host, extent: Extent) -> io::Result<Section> {
    let site = Site::new(Hash::Cheap)?;
    let recording = site.record(host, &NO_PIN)?;
    let mut subjects = vec![Subject::Floor(&recording), Subject::Dialgate(&site)];
    let peers = Peer::prepared()?;
    subjects.extend(peers.iter().map(|peer| Subject::Peer(peer, &recording, Work::Talk)));
    let mut rows = rows(host, &subjects, extent.quick_calls(), extent.rounds(), &NO_PIN)?;
    for subject in &subjects {
        for memory in idle::measure(&subject.start(host)?, &NO_PIN, extent.idle())? {
            let is_its = |row: &&mut Row| {
                row.server == subject.name() && row.concurrency == memory.concurrency
            };
            if let Some(row) = rows.iter_mut().find(is_its) {
                row.idle = Some(memory.per_call);
            }
        }
    }
    let title = format!("account, but no PIN three times: {} turns", recording.turns);
    Ok(Section { title, rows })
}

/// Everything that a traveller's call takes, with somebody who decides at once: with a hash that costs next to nothing,
/// and with one as every account has it. The peers send the same commands and have nothing else to do, but to check a
/// PIN where the hash is a real one.
fn whole_calls(host: &Host, extent: Extent) -> io::Result<[Section; 2]> {
    let sites = [Site::new(Hash::Cheap)?, Site::new(Hash::Real)?];
    let [cheap, real] = &sites;
    let deciders = sites.each_ref().map(Site::decide);
    let recording = cheap.record(host, &WHOLE_CALL)?;
    let peers = Peer::prepared()?;
    let peers = |work| peers.iter().map(move |peer| (peer, work));

    let mut others = vec![Subject::Floor(&recording)];
    others.extend(peers(Work::Talk).map(|(peer, work)| Subject::Peer(peer, &recording, work)));
    let others = rows(host, &others, extent.quick_calls(), extent.rounds(), &WHOLE_CALL)?;
    let floor: Vec<Row> = others.iter().filter(|row| row.server == table::FLOOR).copied().collect();

    let slow = |subjects: &[Subject<'_>]| rows(host, subjects, extent.slow_calls(), 1, &WHOLE_CALL);
    let cheap_rows = [others, slow(&[Subject::Dialgate(cheap)])?].concat();
    let mut hashing = vec![Subject::Dialgate(real)];
    hashing.extend(peers(Work::CheckPin).map(|(peer, work)| Subject::Peer(peer, &recording, work)));
    let real_rows = [floor, slow(&hashing)?].concat();
    drop(deciders);
    let title = |hash| format!("from the first word to `open`, {hash}: {} turns", recording.turns);
    Ok([
        Section { title: title("cheap hash; others only talk"), rows: cheap_rows },
        Section { title: title("argon2id; the floor only talks"), rows: real_rows },
    ])
}

/// Calls all subjects in turn, so that what disturbs one disturbs the others; the median of each figure.
fn rows(
    host: &Host,
    subjects: &[Subject<'_>],
    loads: &[(u32, u32)],
    rounds: u32,
    script: &'static Script,
) -> io::Result<Vec<Row>> {
    let mut measured = Vec::new();
    for &(concurrency, waves) in loads {
        let load = Load { concurrency, waves };
        let servers =
            subjects.iter().map(|it| it.start(host)).collect::<io::Result<Vec<Server>>>()?;
        let mut figures = vec![Vec::new(); servers.len()];
        for _ in 0..rounds {
            for (server, figures) in servers.iter().zip(&mut figures) {
                figures.push(load.measure(server, script)?);
            }
        }
        for (subject, figures) in subjects.iter().zip(figures) {
            let figures = Figures::median(&figures);
            measured.push(Row { server: subject.name(), concurrency, figures, idle: None });
        }
    }
    Ok(measured)
}

/// What is measured.
#[derive(Debug, Clone, Copy)]
enum Subject<'a> {
    Floor(&'a Recording),
    Dialgate(&'a Site),
    Peer(&'a Peer, &'a Recording, Work),
}

impl Subject<'_> {
    fn start(&self, host: &Host) -> io::Result<Server> {
        match self {
            Self::Floor(recording) => Server::floor(host, &recording.file),
            Self::Dialgate(site) => site.serve(host),
            Self::Peer(peer, recording, work) => peer.start(host, &recording.file, *work),
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Floor(_) => table::FLOOR,
            Self::Dialgate(_) => "dialgate-agi",
            Self::Peer(peer, ..) => peer.name(),
        }
    }
}
