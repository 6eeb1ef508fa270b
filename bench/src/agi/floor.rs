use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

/// Sends the lines of a file, each after the answer to the one before, and understands nothing: what no FastAGI server
/// on the same runtime can do without.
pub(crate) fn serve(address: SocketAddr, commands: &Path) -> io::Result<()> {
    let text = std::fs::read_to_string(commands)?;
    let lines: Arc<[String]> = text.lines().map(|line| format!("{line}\n")).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(converse(stream, Arc::clone(&lines)));
        }
    })
}

async fn converse(mut stream: TcpStream, lines: Arc<[String]>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    receive(&stream, b"\n\n").await?;
    for line in lines.iter() {
        stream.write_all(line.as_bytes()).await?;
        receive(&stream, b"\n").await?;
    }
    Ok(())
}

/// Reads until what was sent in one piece ends so.
async fn receive(stream: &TcpStream, end: &[u8]) -> io::Result<()> {
    loop {
        stream.readable().await?;
        let mut bytes = [0; 1024];
        match stream.try_read(&mut bytes) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) if bytes.get(..count).is_some_and(|bytes| bytes.ends_with(end)) => {
                return Ok(());
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}
