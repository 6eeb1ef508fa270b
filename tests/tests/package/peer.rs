//! A telephone that is registered with the machine, and whose user does not know the PIN.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Where it is, as `CHANNEL(pjsip,remote_addr)` has it.
pub(crate) const PEER: &str = "12.34.56.99:5060";

const ENVIRONMENT: &str = "\
agi_network: yes
agi_network_script: whitelist
agi_request: agi://127.0.0.1:4573/whitelist
agi_channel: PJSIP/2001-00000001
agi_language: en
agi_type: PJSIP
agi_uniqueid: 1700000000.1
agi_version: 22.0.0
agi_callerid: 2001
agi_calleridname: unknown
agi_callingpres: 0
agi_callingani2: 0
agi_callington: 0
agi_callingtns: 0
agi_dnid: s
agi_rdnis: unknown
agi_context: dialgate
agi_extension: s
agi_priority: 12
agi_enhanced: 0.0
agi_accountcode:\x20
agi_threadid: 1

";

/// Calls, types the same digits wherever it is asked for some, and stays on the line until the server ends the call.
pub(crate) fn guess(server: SocketAddr) {
    let mut stream = BufReader::new(TcpStream::connect(server).unwrap());
    stream.get_ref().set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.get_mut().write_all(ENVIRONMENT.as_bytes()).unwrap();
    let mut command = String::new();
    while stream.read_line(&mut command).unwrap() > 0 {
        let reply = reply(command.trim_end());
        // It may have ended the call by now.
        if stream.get_mut().write_all(reply.as_bytes()).is_err() {
            return;
        }
        command.clear();
    }
}

fn reply(command: &str) -> String {
    let argument = command.split('"').nth(1).unwrap_or_default();
    if command.starts_with("GET FULL VARIABLE") {
        format!("200 result=1 ({argument})\n")
    } else if argument == "DIALGATE_PEER" {
        format!("200 result=1 ({PEER})\n")
    } else if command.starts_with("GET DATA \"dialgate/") {
        "200 result=123456\n".to_owned()
    } else if command.starts_with("GET DATA") {
        "200 result= (timeout)\n".to_owned()
    } else if command.starts_with("SET VARIABLE") {
        "200 result=1\n".to_owned()
    } else if command.starts_with("STREAM FILE") {
        "200 result=0 endpos=1\n".to_owned()
    } else {
        "200 result=0\n".to_owned()
    }
}
