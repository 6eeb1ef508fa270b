use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Barrier, Semaphore};
use tokio::task::JoinSet;

use super::caller::{Call, now};
use super::figures::Figures;
use super::script::{Script, Told};
use super::server::Server;
use crate::sample::Sample;

/// Callers who dial at a time: no server's backlog is to overflow, and dialgate-agi suspects more than 256.
const DIALLING: usize = 64;

/// What is left of a measurement after this is cut off.
const LIMIT: Duration = Duration::from_secs(15);

/// Waves of calls: all callers dial, and when each has shown that it is Asterisk all go on at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) concurrency: u32,
    pub(super) waves: u32,
}

#[derive(Debug, Default)]
struct Tally {
    good: u32,
    busy: u32,
    odd: u32,
    thinking: Sample,
}

struct Exchange {
    server: SocketAddr,
    script: &'static Script,
    dialling: Semaphore,
    all_there: Barrier,
    tally: Mutex<Tally>,
}

impl Load {
    /// Loads `server`.
    pub(super) fn measure(self, server: &Server, script: &'static Script) -> io::Result<Figures> {
        let exchange = Arc::new(Exchange {
            server: server.address(),
            script,
            dialling: Semaphore::new(DIALLING),
            all_there: Barrier::new(usize::try_from(self.concurrency).map_err(io::Error::other)?),
            tally: Mutex::default(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (processor, begun) = (server.processor_time()?, now());
        let in_time = runtime.block_on(async {
            let mut callers = JoinSet::new();
            for caller in 0..self.concurrency {
                callers.spawn(Arc::clone(&exchange).call(caller, self.waves));
            }
            tokio::time::timeout(LIMIT, callers.join_all()).await.is_ok()
        });
        let (elapsed, processor) = (begun.elapsed(), server.processor_time()? - processor);
        let mut tally = exchange.tally();
        let calls = f64::from(tally.good + tally.busy + tally.odd);
        Ok(Figures {
            calls_per_second: calls / elapsed.as_secs_f64(),
            processor: processor.as_secs_f64() * 1e6 / calls,
            median: tally.thinking.percentile(50).as_secs_f64() * 1e6,
            p99: tally.thinking.percentile(99).as_secs_f64() * 1e6,
            busy: tally.busy,
            odd: tally.odd,
            is_cut: !in_time,
        })
    }
}

impl Exchange {
    async fn call(self: Arc<Self>, caller: u32, waves: u32) {
        for _ in 0..waves {
            let begun = self.reach_server(caller).await;
            self.all_there.wait().await;
            let told = match begun {
                Ok(call) => self.converse(call).await.unwrap_or_default(),
                Err(_) => None,
            };
            let mut tally = self.tally();
            match told {
                Some(Told::AsScripted) => tally.good += 1,
                Some(Told::Busy) => tally.busy += 1,
                Some(Told::Otherwise) | None => tally.odd += 1,
            }
        }
    }

    /// Dials, and answers the first command. The next one is there.
    async fn reach_server(&self, caller: u32) -> io::Result<Call<'static>> {
        let _turn = self.dialling.acquire().await.map_err(io::Error::other)?;
        let mut call = Call::dial(self.server, self.script, caller).await?;
        self.turn(&mut call).await?;
        call.answer().await?;
        self.turn(&mut call).await?;
        Ok(call)
    }

    /// Answers until the server ends the call; what the dialplan was told.
    async fn converse(&self, mut call: Call<'_>) -> io::Result<Option<Told>> {
        let mut told = None;
        loop {
            told = call.answer().await?.or(told);
            if !self.turn(&mut call).await? {
                return Ok(told);
            }
        }
    }

    /// Waits for the next command; `false` when there is none.
    async fn turn(&self, call: &mut Call<'_>) -> io::Result<bool> {
        let begun = now();
        let is_timed = call.is_timed();
        let is_there = call.command().await?.is_some();
        if is_timed {
            self.tally().thinking.push(begun.elapsed());
        }
        Ok(is_there)
    }

    /// One thread calls, so that nobody ever waits for this.
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
