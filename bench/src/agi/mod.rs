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
pub(crate) use oracle::oracle;

use figures::Figures;
use host::Host;
use load::Load;
use peers::Peer;
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
    let sections = [conversations(&host, extent)?, whole_calls(&host, extent)?];
    let mut report = table::print(&sections);
    let after = Host::load_average()?;
    report += &format!("load average of the machine before and after: {before}, {after}\n");
    Ok(report)
}

/// The servers' own work: nothing is read, hashed or written.
fn conversations(host: &Host, extent: Extent) -> io::Result<Section> {
    let site = Site::new(Hash::Cheap)?;
    let recording = site.record(host, &NO_PIN)?;
    let mut subjects = vec![Subject::Floor(&recording), Subject::Dialgate("dialgate-agi", &site)];
    let peers = Peer::prepared()?;
    subjects.extend(peers.iter().map(|peer| Subject::Peer(peer, &recording)));
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

/// Everything that a traveller's call takes, with somebody who decides at once.
fn whole_calls(host: &Host, extent: Extent) -> io::Result<Section> {
    let sites = [Site::new(Hash::Cheap)?, Site::new(Hash::Real)?];
    let [cheap, real] = &sites;
    let deciders = sites.each_ref().map(Site::decide);
    let recording = cheap.record(host, &WHOLE_CALL)?;
    let mut rows = rows(
        host,
        &[Subject::Floor(&recording)],
        extent.quick_calls(),
        extent.rounds(),
        &WHOLE_CALL,
    )?;
    let subjects = [
        Subject::Dialgate("dialgate-agi, cheap hash", cheap),
        Subject::Dialgate("dialgate-agi, argon2id", real),
    ];
    rows.extend(self::rows(host, &subjects, extent.slow_calls(), 1, &WHOLE_CALL)?);
    drop(deciders);
    let title = format!("from the first word to `open`: {} turns", recording.turns);
    Ok(Section { title, rows })
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
    Dialgate(&'static str, &'a Site),
    Peer(&'a Peer, &'a Recording),
}

impl Subject<'_> {
    fn start(&self, host: &Host) -> io::Result<Server> {
        match self {
            Self::Floor(recording) => Server::floor(host, &recording.file),
            Self::Dialgate(_, site) => site.serve(host),
            Self::Peer(peer, recording) => peer.start(host, &recording.file),
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Floor(_) => table::FLOOR,
            Self::Dialgate(name, _) => name,
            Self::Peer(peer, _) => peer.name(),
        }
    }
}
