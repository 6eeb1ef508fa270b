use dialgate_contract::SystemUser;
use dialgate_contract::config::{Mail, Transport};
use dialgate_reconciler::mail::Delivery;

use crate::support::{again, deliver, letter, mailer, read_letter, reason, skip, skipped};

fn by_sendmail() -> Mail {
    Mail { transport: Transport::Sendmail, ..Mail::default() }
}

/// Puts its only program in the place of this machine's, for one process.
const SURROUNDINGS: &str = r#"
    mount -t tmpfs none /usr/sbin
    cat > /usr/sbin/sendmail <<'END'
#!/bin/sh
echo "$*" > "$(dirname "$0")/arguments"
cat > "$(dirname "$0")/letter"
test ! -e "$(dirname "$0")/full" || { echo "the disk is full" >&2; exit 75; }
END
    chmod 755 /usr/sbin/sendmail
    PATH=/usr/bin:/bin exec "$@"
"#;

#[test]
fn a_letter_goes_to_the_sendmail_program_of_this_machine() {
    let test = "sendmail::a_letter_goes_to_the_sendmail_program_of_this_machine";
    if !SystemUser::is_root() {
        return skip(test, "needs root");
    }
    if skipped(test, "email")
        || again(test, &["unshare", "--mount", "sh", "-ec", SURROUNDINGS, "sh"], &[])
    {
        return;
    }
    let mut mailer = mailer(by_sendmail());
    assert_eq!(deliver(&mut mailer, &letter("Ann")), Delivery::Sent);
    let arguments = std::fs::read_to_string("/usr/sbin/arguments").unwrap();
    assert_eq!(arguments, "-i -f dialgate@localhost -- ann@example.net\n");
    let read = read_letter(&std::fs::read("/usr/sbin/letter").unwrap());
    assert_eq!(read["headers"]["Subject"], "Your access is open");

    std::fs::write("/usr/sbin/full", "").unwrap();
    assert!(reason(deliver(&mut mailer, &letter("Ann"))).contains("the disk is full"));
}
