//! The examples at the end of help texts.

pub(crate) const OVERVIEW: &str = "\
Examples:
  dialgate setup
  dialgate account add auto --name Ann --email ann@example.net --services sip
  dialgate lease list
  dialgate lease grant 4711 12.34.56.78 --for 4h
  dialgate lease revoke 4711
  dialgate allow add sip.example.net --services sip,rtp
  dialgate why 12.34.56.78
  dialgate account disable 4711
  dialgate keys 12.34.56.78

`dialgate help COMMAND` tells more about a command.";

pub(crate) const SETUP: &str = "\
Examples:
  dialgate setup
  dialgate setup --number 15125550100 --context from-trunk --dry-run \\
      --mail-server localhost --no-account
  dialgate setup --undo";

pub(crate) const SERVICE: &str = "\
Examples:
  dialgate service add vpn udp:1194,tcp:443
  dialgate service add vpn udp:1194,tcp:443 --max 2h";

pub(crate) const SERVICE_SET: &str = "\
Examples:
  dialgate service set ssh --max 2h
  dialgate service set web --ports tcp:443 --max default";

/// In lines that fit a terminal.
pub(crate) const ACCOUNT_USAGE: &str = "\
dialgate account add [OPTIONS] <NUMBER|auto>
           --name <NAME> --email <EMAIL> --services <NAMES>";

pub(crate) const ACCOUNT: &str = "\
Examples:
  dialgate account add auto --name Ann --email ann@example.net --services sip
  dialgate account add 4711 --name Ann --email ann@example.net --services all \\
      --lease 12h --time-zone Europe/Paris --pin-stdin < file
  dialgate account add auto --name Bob --email bob@example.net --services ssh \\
      --max 3d --addresses 2";

pub(crate) const ACCOUNT_IMPORT: &str = "\
The first line names the columns, in any order: number (or auto), name, email,
services, enabled, lease, time_zone, language, pin. An account whose number is
known is changed where there is a column; an empty cell stands for the default,
and an empty pin leaves the PIN of a known account as it is. New accounts
without a pin get one, which is written to the file that --pins names. A
spreadsheet takes the leading zeros of a number away unless its cells are text.

Example of a file:
  number,name,email,services,lease
  4711,Ann,ann@example.net,sip rtp,24h
  auto,\"Hara, Bob\",bob@example.net,sip,

Examples:
  dialgate account import travellers.csv
  dialgate account import travellers.csv --yes --pins pins.csv";

pub(crate) const ACCOUNT_EXPORT: &str = "\
Examples:
  dialgate account export travellers.csv
  dialgate account export | less";

pub(crate) const BACKUP: &str = "\
The programs go on meanwhile. The file holds the pepper and the hashes of all
PINs: keep it like a password. It does not hold what is open, the queue, or
the password of the mail server.

Examples:
  dialgate backup /root/dialgate.tar
  dialgate backup - | gpg --symmetric > dialgate.gpg";

pub(crate) const RESTORE: &str = "\
The programs go on meanwhile. All leases end, of then and of now: travellers
call again. The audit trail goes on from the backup's; what was here before
is kept in a backup of its own beside the ledger. On a new machine, install
dialgate and restore: nothing else is needed first.

Examples:
  dialgate restore /root/dialgate.tar
  dialgate restore /root/dialgate.tar --yes
  gpg --decrypt dialgate.gpg | dialgate restore - --yes";

pub(crate) const GRANT: &str = "\
Example:
  dialgate lease grant 4711 12.34.56.78 --for 4h";

pub(crate) const REVOKE: &str = "\
Examples:
  dialgate lease revoke 4711
  dialgate lease revoke 12.34.56.78
  dialgate lease revoke L17";

pub(crate) const KEYS: &str = "\
Examples:
  dialgate keys 12.34.56.78
  dialgate keys 2a00:1450:4001:82a::200e";

pub(crate) const ALLOW: &str = "\
Adding again changes the entry.

Examples:
  dialgate allow add sip.example.net --services sip --name 'my provider'
  dialgate allow add 12.34.56.0/24 --services sip,rtp,web
  dialgate allow add 12.34.56.78 --services ssh --for 4h";

pub(crate) const DENY: &str = "\
Examples:
  dialgate deny add 12.34.56.78 --name scanner
  dialgate deny add 12.34.0.0/16 --for 30d";

pub(crate) const PROVIDERS: &str = "\
Examples:
  dialgate allow import-providers
  dialgate allow import-providers telnyx skyetel
  dialgate allow import-providers telnyx skyetel --yes";

pub(crate) const TM3: &str = "\
Examples:
  dialgate import tm3 /etc/iptables/rules.v4
  dialgate import tm3 /etc/sysconfig/iptables --yes
  dialgate import tm3 /root --services sip,rtp";

pub(crate) const ALLOW_SITES: &str = "\
Example:
  dialgate import allow-sites sites.txt --services sip,rtp";

pub(crate) const FREEPBX: &str = "\
Examples:
  fwconsole firewall list trusted > trusted.txt
  dialgate import freepbx-trusted trusted.txt --services all
  dialgate import freepbx-trusted trusted.txt --services sip,rtp --yes";

pub(crate) const FIREWALL: &str = "\
One after the other:
  dialgate firewall plan
  dialgate firewall apply
  dialgate firewall confirm";

pub(crate) const WHY: &str = "\
Examples:
  dialgate why 12.34.56.78
  dialgate why 12.34.56.78 --service sip
  dialgate why 4711";

pub(crate) const AUDIT: &str = "\
Examples:
  dialgate audit --account 4711 --since 2h
  dialgate audit --action request-refused --since 2026-11-20
  dialgate audit --address 12.34.56.78 --limit 10
  dialgate audit --follow
  dialgate audit verify";

pub(crate) const DOCTOR: &str = "\
Examples:
  dialgate doctor
  dialgate doctor --letter ann@example.net
  dialgate doctor --no-call --json             for monitoring

It ends with 0 when all is well, 1 when something is to be watched and 2 when
something does not work or is not safe, as monitoring plugins do. What was
skipped counts neither way.";

pub(crate) const MAIL: &str = "\
Examples:
  dialgate mail test ann@example.net
  dialgate mail queue
  dialgate mail retry all
  dialgate mail preview reminder --language de
  dialgate mail templates /etc/dialgate/letters --kind opened";
