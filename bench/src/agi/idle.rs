use std::io;
use std::thread::sleep;
use std::time::Duration;

use super::caller::Call;
use super::script::Script;
use super::server::Server;

/// For a server to come to rest.
const REST: Duration = Duration::from_millis(200);

/// A call that takes longer to come to its first question fails the measurement.
const ASKED_WITHIN: Duration = Duration::from_secs(30);

/// What so many calls cost a server that waits for their first key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory {
    pub(super) concurrency: u32,
    /// In KiB.
    pub(super) per_call: f64,
}

/// Adds calls up to each of these numbers to a server that has just started, and looks at its memory.
pub(super) fn measure(
    server: &Server,
    script: &'static Script,
    numbers: &[u32],
) -> io::Result<Vec<Memory>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ask = async |caller| {
        let asked = tokio::time::timeout(ASKED_WITHIN, asked(server, script, caller));
        asked.await.map_err(io::Error::from)?
    };
    // What is made once does not count.
    drop(runtime.block_on(ask(0))?);
    sleep(REST);
    let before = server.resident()?;
    let (mut calls, mut memories) = (Vec::new(), Vec::new());
    for &concurrency in numbers {
        for caller in calls.len()..usize::try_from(concurrency).map_err(io::Error::other)? {
            let caller = u32::try_from(caller).map_err(io::Error::other)?;
            calls.push(runtime.block_on(ask(caller))?);
        }
        sleep(REST);
        let used = server.resident()?.saturating_sub(before);
        let used = f64::from(u32::try_from(used).map_err(io::Error::other)?);
        memories.push(Memory { concurrency, per_call: used / f64::from(concurrency) });
    }
    Ok(memories)
}

/// A call whose caller has been asked for keys and presses none.
async fn asked(server: &Server, script: &'static Script, caller: u32) -> io::Result<Call<'static>> {
    let mut call = Call::dial(server.address(), script, caller).await?;
    while let Some(command) = call.command().await? {
        if command.starts_with(b"GET DATA") {
            return Ok(call);
        }
        call.answer().await?;
    }
    Err(io::ErrorKind::ConnectionAborted.into())
}
