//! Connections that want no call, thousands at a time.

mod wire;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::sleep;

use wire::{Wire, environment};

/// Connections that say nothing; half of them only once they have said who is calling.
pub(crate) const IDLE: usize = 10_000;
/// Those that say one byte of the environment each second.
const DRIPS: usize = 300;
/// Of each further kind.
const EACH: usize = 50;
/// No call has more commands.
pub(crate) const COMMANDS: usize = 40;

/// What those that are calls take of agi.max-calls.
pub(crate) const LINES: usize = 3 * COMMANDS + EACH;

/// How soon who was shut out connects again.
const AGAIN: Duration = Duration::from_secs(1);

/// A flood that goes on until it is stopped.
pub(crate) struct Flood {
    connected: Arc<Counts>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How many idle connections there are, and were.
#[derive(Default)]
struct Counts {
    now: AtomicUsize,
    peak: AtomicUsize,
    ever: AtomicUsize,
}

/// What a connection does.
#[derive(Clone, Copy, Debug)]
enum Mischief {
    Idle,
    Drip,
    EndlessLine,
    EndlessEnvironment,
    HalfClosedAmidEnvironment,
    HalfClosedAfterEnvironment,
    SilentAfterEnvironment,
    /// After so many commands were answered.
    ResetAfter(usize),
    SilentAfter(usize),
    HalfClosedAfter(usize),
}

impl Flood {
    /// Begins with everything at once. Callers who log in use the accounts from `first_account` on.
    pub(crate) fn start(server: SocketAddr, first_account: usize) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let connected = Arc::new(Counts::default());
        let (stop, stopped) = oneshot::channel::<()>();
        let counts = Arc::clone(&connected);
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                for (number, mischief) in all().enumerate() {
                    let account = first_account + number % COMMANDS;
                    tokio::spawn(for_ever(server, number, account, mischief, Arc::clone(&counts)));
                }
                let _ = stopped.await;
            });
            // Dropped with its runtime, every connection is closed.
        });
        Ok(Self { connected, stop: Some(stop), thread: Some(thread) })
    }

    /// The most idle connections at a time so far.
    pub(crate) fn peak(&self) -> usize {
        self.connected.peak.load(Ordering::Relaxed)
    }

    /// How many idle connections there have been.
    pub(crate) fn ever(&self) -> usize {
        self.connected.ever.load(Ordering::Relaxed)
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        // What it failed with shows in the figures.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn all() -> impl Iterator<Item = Mischief> {
    let of = |mischief, count| std::iter::repeat_n(mischief, count);
    let before_any_call = [
        Mischief::EndlessLine,
        Mischief::EndlessEnvironment,
        Mischief::HalfClosedAmidEnvironment,
        Mischief::HalfClosedAfterEnvironment,
    ];
    // At every prompt. Whoever stays silent keeps a line, so only before the login are there many of them.
    let amid_calls = (1..COMMANDS)
        .flat_map(|commands| [Mischief::ResetAfter(commands), Mischief::HalfClosedAfter(commands)]);
    let silent = of(Mischief::SilentAfter(1), EACH)
        .chain((2..COMMANDS).step_by(4).map(Mischief::SilentAfter));
    before_any_call
        .into_iter()
        .flat_map(move |mischief| of(mischief, EACH))
        .chain(amid_calls)
        .chain(silent)
        .chain(of(Mischief::ResetAfter(0), EACH))
        .chain(of(Mischief::Drip, DRIPS))
        .chain(of(Mischief::SilentAfterEnvironment, IDLE / 2))
        .chain(of(Mischief::Idle, IDLE / 2))
}

async fn for_ever(
    server: SocketAddr,
    number: usize,
    account: usize,
    mischief: Mischief,
    counts: Arc<Counts>,
) {
    loop {
        // That it fails is what it is for.
        let _ = once(server, number, account, mischief, &counts).await;
        sleep(AGAIN).await;
    }
}

async fn once(
    server: SocketAddr,
    number: usize,
    account: usize,
    mischief: Mischief,
    counts: &Counts,
) -> io::Result<()> {
    let mut wire = Wire::new(connect(server, number).await?, account);
    match mischief {
        Mischief::Idle => {
            let _one = counts.one();
            wire.until_closed().await
        }
        Mischief::Drip => {
            for byte in environment(account) {
                wire.stream().write_all(&[byte]).await?;
                sleep(Duration::from_secs(1)).await;
            }
            Ok(())
        }
        Mischief::EndlessLine => loop {
            wire.stream().write_all(&[b'a'; 512]).await?;
        },
        Mischief::EndlessEnvironment => {
            for number in 1_u32.. {
                wire.stream().write_all(format!("agi_arg_{number}: x\n").as_bytes()).await?;
            }
            Ok(())
        }
        Mischief::HalfClosedAmidEnvironment => {
            wire.stream().write_all(b"agi_network: yes\nagi_netw").await?;
            wire.stream().shutdown().await?;
            wire.until_closed().await
        }
        Mischief::HalfClosedAfterEnvironment => {
            wire.stream().write_all(&environment(account)).await?;
            wire.stream().shutdown().await?;
            wire.until_closed().await
        }
        Mischief::SilentAfterEnvironment => {
            let _one = counts.one();
            wire.stream().write_all(&environment(account)).await?;
            wire.until_closed().await
        }
        Mischief::ResetAfter(commands) => {
            wire.answer(commands).await?;
            wire.stream().set_zero_linger()
        }
        Mischief::SilentAfter(commands) => {
            wire.answer(commands).await?;
            wire.until_closed().await
        }
        Mischief::HalfClosedAfter(commands) => {
            wire.answer(commands).await?;
            wire.stream().shutdown().await?;
            wire.until_closed().await
        }
    }
}

/// From one of many addresses of this machine, so that there are ports enough.
async fn connect(server: SocketAddr, number: usize) -> io::Result<TcpStream> {
    let last = u8::try_from(2 + number % 40).map_err(io::Error::other)?;
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::new(127, 0, 0, last), 0).into())?;
    socket.connect(server).await
}

impl Counts {
    fn one(&self) -> One<'_> {
        let now = self.now.fetch_add(1, Ordering::Relaxed) + 1;
        self.peak.fetch_max(now, Ordering::Relaxed);
        self.ever.fetch_add(1, Ordering::Relaxed);
        One(self)
    }
}

struct One<'a>(&'a Counts);

impl Drop for One<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::Relaxed);
    }
}
