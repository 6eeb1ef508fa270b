//! Each choice of the menu in a real call through a real Asterisk, carried out in a real kernel.

use dialgate_tests::asterisk::{Asterisk, Recordings, Step};
use dialgate_tests::real::{self, Need};
use dialgate_tests::site::{ACCOUNT, PIN, Site};

const NEEDS: [Need; 2] = [Need::Site, Need::Asterisk];

const NEW_PIN: &str = "481516";

fn keys(keys: &str) -> Step {
    Step::Keys(keys.to_owned())
}

/// A call in which `steps` come after the login: what is heard, and what is pressed then.
#[expect(clippy::unwrap_used, reason = "a call that cannot be made fails the test")]
fn call(
    asterisk: &mut Asterisk,
    pin: &str,
    steps: &[(&'static str, &str)],
) -> (String, Vec<String>) {
    let (account, pin) = (format!("{ACCOUNT}#"), format!("{pin}#"));
    let login = [("dialgate/enter-account", account.as_str()), ("dialgate/enter-pin", &pin)];
    let steps: Vec<Step> = login
        .iter()
        .chain(steps)
        .flat_map(|(prompt, typed)| [Step::Hear(prompt), keys(typed)])
        .collect();
    let record = asterisk.call(&steps).unwrap();
    let prompts = record.prompts().into_iter().map(str::to_owned).collect();
    (record.result, prompts)
}

#[test]
fn each_choice_of_the_menu_is_carried_out_and_said() {
    if real::skipped("each_choice_of_the_menu_is_carried_out_and_said", &NEEDS) {
        return;
    }
    let site = Site::start("").unwrap();
    site.dialgate(&["lease", "grant", ACCOUNT, "12.34.56.78", "--for", "1h"]).unwrap();
    let mut asterisk = Asterisk::start(site.namespace(), Recordings::Installed).unwrap();

    let steps = [
        ("dialgate/menu-open", "0"),
        ("dialgate/menu-open", "2"),
        ("dialgate/choose-lifetime-1-3-7", "3"),
    ];
    let (result, prompts) = call(&mut asterisk, PIN, &steps);
    assert_eq!(result, "extended", "{prompts:?}");

    let (result, prompts) = call(&mut asterisk, PIN, &[("dialgate/menu-open", "3")]);
    assert_eq!(result, "closed", "{prompts:?}");
    assert!(prompts.contains(&"closed".to_owned()), "{prompts:?}");
    assert_eq!(site.dialgate(&["lease", "list", "--json"]).unwrap(), serde_json::json!([]));

    let new_pin = format!("{NEW_PIN}#");
    let steps = [
        ("dialgate/enter-address", "9#"),
        ("dialgate/enter-new-pin", &new_pin),
        ("dialgate/enter-new-pin-again", &new_pin),
        ("dialgate/pin-changed", ""),
        ("dialgate/enter-address", "6#"),
        ("dialgate/enter-address-6", "2400**4*2*28****1#"),
        ("dialgate/confirm-address", "1"),
        ("dialgate/choose-lifetime-1-3-7", "1"),
    ];
    let (result, prompts) = call(&mut asterisk, PIN, &steps);
    assert_eq!(result, "open", "{prompts:?}");
    assert!(prompts.contains(&"covers-64".to_owned()), "{prompts:?}");
    let leases = site.dialgate(&["lease", "list", "--json"]).unwrap();
    assert_eq!(leases[0]["address"], "2400:4bb8::/64");

    let (result, prompts) = call(&mut asterisk, NEW_PIN, &[("dialgate/menu-open", "3")]);
    assert_eq!(result, "closed", "{prompts:?}");
    assert!(!site.logs().unwrap().contains(NEW_PIN));
}
