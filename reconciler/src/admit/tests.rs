use std::num::NonZeroU8;

use super::*;
use dialgate_contract::ledger::LeaseId;
use proptest::prelude::*;

const NOW: i64 = 1_800_000_000;
const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(crate) fn ann() -> Account {
    Account::new(
        "4711".parse().unwrap(),
        "Ann".to_owned(),
        "ann@example.net".to_owned(),
        ["sip".parse().unwrap()].into(),
        at(0),
    )
}

fn sip(longest: Option<&str>) -> Service {
    let service = Service::new("sip".parse().unwrap(), "udp:5060".parse().unwrap());
    Service { longest: longest.map(|it| it.parse().unwrap()), ..service }
}

fn lease(id: i64, address: &str) -> Lease {
    Lease {
        id: LeaseId::from_row(id),
        account: ann().number,
        address: address.parse().unwrap(),
        services: ann().services,
        opened_at: at(NOW - 100),
        expires_at: at(NOW + 100),
        ended: None,
    }
}

fn open(address: &str) -> Wish {
    Wish::Open { address: address.parse().unwrap(), lifetime: None }
}

fn extend() -> Wish {
    Wish::Extend { lifetime: None }
}

fn change_pin() -> Wish {
    Wish::ChangePin { hash: HASH.parse().unwrap() }
}

fn policy() -> Policy {
    Policy::new(&Config::default())
}

struct Known {
    account: Option<Account>,
    services: Vec<Service>,
    open: Vec<Lease>,
    own: BTreeSet<IpAddr>,
    denied: Vec<Network>,
    banned: BTreeSet<IpNet>,
    granted: (u32, u32),
    pin_changes: u32,
    leases: u32,
}

impl Known {
    fn new() -> Self {
        Self {
            account: Some(ann()),
            services: vec![sip(None)],
            open: vec![lease(1, "12.34.56.70"), lease(2, "12.34.56.71")],
            own: ["12.34.56.1".parse().unwrap(), "2a00:1:2:3::1".parse().unwrap()].into(),
            denied: Vec::new(),
            banned: BTreeSet::new(),
            granted: (0, 0),
            pin_changes: 0,
            leases: 0,
        }
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            account: self.account.as_ref(),
            services: &self.services,
            open: &self.open,
            own: &self.own,
            denied: &self.denied,
            banned: &self.banned,
            granted: self.granted,
            pin_changes: self.pin_changes,
            leases: self.leases,
            now: at(NOW),
        }
    }

    fn judge<'a>(&'a self, wish: &'a Wish) -> Judgement<'a> {
        judge(wish, at(NOW), self.facts(), &policy())
    }

    /// Where and until when it is opened.
    fn opened(&self, wish: &Wish, requested_at: i64) -> Result<(String, Timestamp), Refusal> {
        match judge(wish, at(requested_at), self.facts(), &policy()) {
            Judgement::Open(admission) => Ok((admission.address.to_string(), admission.until)),
            Judgement::Extend(extension) => Ok((String::new(), extension.until)),
            Judgement::Refuse(refusal) => Err(refusal),
            other @ (Judgement::Close(_) | Judgement::ChangePin(_)) => panic!("{other:?}"),
        }
    }
}

fn refusal(judgement: Judgement<'_>) -> Option<Refusal> {
    match judgement {
        Judgement::Refuse(refusal) => Some(refusal),
        Judgement::Open(_)
        | Judgement::Extend(_)
        | Judgement::Close(_)
        | Judgement::ChangePin(_) => None,
    }
}

fn every_wish() -> [Wish; 4] {
    [open("12.34.56.78"), extend(), Wish::Close, change_pin()]
}

#[test]
fn a_public_address_is_opened_for_the_default_time() {
    let until = at(NOW) + SignedDuration::from_hours(24);
    let opened = Known::new().opened(&open("12.34.56.78"), NOW);
    assert_eq!(opened, Ok(("12.34.56.78".to_owned(), until)));
}

#[test]
fn what_is_open_is_extended_all_of_it_and_the_newest_is_named() {
    let known = Known::new();
    let wish = Wish::Extend { lifetime: "3d".parse().ok() };
    let Judgement::Extend(extension) = known.judge(&wish) else { panic!() };
    assert_eq!(extension.until(), at(NOW) + SignedDuration::from_hours(72));
    assert_eq!(extension.newest().id, LeaseId::from_row(2));
    assert_eq!(extension.older(), &known.open[..1]);
}

#[test]
fn an_account_may_have_a_time_of_its_own_cut_to_the_sites_limit() {
    for (own, hours) in [("2h", 2), ("30d", 7 * 24)] {
        let account = Account { lifetime: own.parse().ok(), ..ann() };
        let known = Known { account: Some(account), ..Known::new() };
        for wish in [open("12.34.56.78"), extend()] {
            let until = known.opened(&wish, NOW).unwrap().1;
            assert_eq!(until, at(NOW) + SignedDuration::from_hours(hours));
        }
    }
}

#[test]
fn asking_for_longer_than_the_site_allows_is_refused() {
    for (asked, refused) in [("7d", None), ("8d", Some(Refusal::Lifetime))] {
        let (address, lifetime) = ("12.34.56.78".parse().unwrap(), asked.parse().ok());
        for wish in [Wish::Open { address, lifetime }, Wish::Extend { lifetime }] {
            assert_eq!(Known::new().opened(&wish, NOW).err(), refused, "{wish:?}");
        }
    }
}

#[test]
fn the_shortest_limit_of_site_account_and_service_cuts_what_is_usual_and_refuses_what_is_asked_for()
{
    for (own, of_service, hours) in [
        (None, Some("2h"), 2),
        (Some("3h"), Some("30d"), 3),
        (Some("3h"), Some("2h"), 2),
        (Some("30d"), Some("36h"), 36),
    ] {
        let longest = own.and_then(|own: &str| own.parse().ok());
        let account = Some(Account { longest, lifetime: "48h".parse().ok(), ..ann() });
        let known = Known { account, services: vec![sip(of_service)], ..Known::new() };
        let address = "12.34.56.78".parse().unwrap();
        for (asked, until) in [
            (None, Ok(SignedDuration::from_hours(hours))),
            (Some(hours * 3600), Ok(SignedDuration::from_hours(hours))),
            (Some(hours * 3600 + 1), Err(Refusal::Lifetime)),
        ] {
            let lifetime = asked.map(|seconds| Lifetime::from_seconds(seconds).unwrap());
            for wish in [Wish::Open { address, lifetime }, Wish::Extend { lifetime }] {
                let opened = known.opened(&wish, NOW).map(|(_, until)| until);
                assert_eq!(opened, until.map(|left| at(NOW) + left), "{own:?} {of_service:?}");
            }
        }
    }
}

#[test]
fn an_account_has_as_many_addresses_as_it_or_else_the_site_says() {
    let policy = Policy::new(&Config {
        lease: config::Lease { addresses_per_account: 2, ..config::Lease::default() },
        ..Config::default()
    });
    for (own, addresses) in [(None, 2), (Some(1), 1), (Some(5), 5)] {
        let account = Account { addresses: own.and_then(NonZeroU8::new), ..ann() };
        let known = Known { account: Some(account), ..Known::new() };
        let wish = open("12.34.56.78");
        let judged = judge(&wish, at(NOW), known.facts(), &policy);
        let Judgement::Open(admission) = judged else { panic!("{judged:?}") };
        assert_eq!(admission.addresses(), addresses, "{own:?}");
    }
}

#[test]
fn an_unknown_a_disabled_and_an_empty_account_open_nothing_and_are_refused_alike() {
    let disabled = Account { enabled: false, ..ann() };
    let empty = Account { services: BTreeSet::new(), ..ann() };
    for account in [None, Some(disabled), Some(empty)] {
        let known = Known { account, ..Known::new() };
        for wish in [open("12.34.56.78"), extend()] {
            assert_eq!(refusal(known.judge(&wish)), Some(Refusal::Account));
        }
    }
}

#[test]
fn a_disabled_account_may_close_but_not_change_its_pin() {
    let account = Some(Account { enabled: false, ..ann() });
    let known = Known { account, ..Known::new() };
    let wish = Wish::Close;
    let Judgement::Close(closure) = known.judge(&wish) else { panic!() };
    assert_eq!(closure.leases(), known.open);
    assert_eq!(refusal(known.judge(&change_pin())), Some(Refusal::Account));
    let known = Known { account: None, ..Known::new() };
    assert_eq!(refusal(known.judge(&Wish::Close)), Some(Refusal::Account));
}

#[test]
fn where_nothing_is_open_there_is_nothing_to_extend_or_to_close_but_a_pin_to_change() {
    let known = Known { open: Vec::new(), ..Known::new() };
    for wish in [extend(), Wish::Close] {
        assert_eq!(refusal(known.judge(&wish)), Some(Refusal::NothingOpen), "{wish:?}");
    }
    let wish = change_pin();
    assert!(matches!(known.judge(&wish), Judgement::ChangePin(_)));
}

#[test]
fn a_new_pin_ends_all_that_is_open() {
    let (known, wish) = (Known::new(), change_pin());
    let Judgement::ChangePin(change) = known.judge(&wish) else { panic!() };
    assert_eq!(change.closure().leases(), known.open);
    assert_eq!(change.hash().as_str(), HASH);
}

#[test]
fn a_pin_is_changed_three_times_a_day_at_most() {
    for (pin_changes, refused) in [(2, None), (3, Some(Refusal::TooMany))] {
        let known = Known { pin_changes, ..Known::new() };
        assert_eq!(refusal(known.judge(&change_pin())), refused);
        assert_eq!(refusal(known.judge(&extend())), None);
    }
}

#[test]
fn addresses_of_no_traveller_are_refused_with_their_reason() {
    for (address, reason) in [
        ("10.0.0.1", Refusal::PrivateAddress),
        ("100.64.0.1", Refusal::PrivateAddress),
        ("192.168.1.1", Refusal::PrivateAddress),
        ("0.0.0.0", Refusal::SpecialAddress),
        ("127.0.0.1", Refusal::SpecialAddress),
        ("192.0.2.1", Refusal::SpecialAddress),
        ("224.0.0.1", Refusal::SpecialAddress),
        ("255.255.255.255", Refusal::SpecialAddress),
        ("12.34.56.1", Refusal::OwnAddress),
        ("2a00:1:2:3::99", Refusal::OwnAddress),
    ] {
        assert_eq!(refusal(Known::new().judge(&open(address))), Some(reason), "{address}");
    }
}

#[test]
fn an_old_wish_is_refused_and_one_from_the_future_is_taken_as_of_now() {
    let known = Known::new();
    for wish in every_wish() {
        let old = judge(&wish, at(NOW - 24 * 3600 - 1), known.facts(), &policy());
        assert_eq!(refusal(old), Some(Refusal::Stale), "{wish:?}");
    }
    let until = known.opened(&open("12.34.56.78"), NOW + 1_000_000).unwrap().1;
    assert_eq!(until, at(NOW) + SignedDuration::from_hours(24));
}

#[test]
fn too_many_requests_in_an_hour_are_refused_but_for_closing() {
    for (granted, leases, admitted) in [
        ((9, 9), 0, true),
        ((10, 10), 0, false),
        ((0, 299), MOST_LEASES - 1, true),
        ((0, 300), 0, false),
    ] {
        let known = Known { granted, leases, ..Known::new() };
        for wish in every_wish() {
            let refused = refusal(known.judge(&wish));
            let expected = (!admitted && wish != Wish::Close).then_some(Refusal::TooMany);
            assert_eq!(refused, expected, "{granted:?} {wish:?}");
        }
    }
}

#[test]
fn where_no_more_leases_fit_those_there_are_go_on() {
    let known = Known { leases: MOST_LEASES, ..Known::new() };
    for wish in every_wish() {
        let expected = matches!(wish, Wish::Open { .. }).then_some(Refusal::TooMany);
        assert_eq!(refusal(known.judge(&wish)), expected, "{wish:?}");
    }
}

fn whom(account: Option<&Account>, told: (u32, u32), age: i64) -> Option<Whom<'_>> {
    let told = Told { account: told.0, all: told.1 };
    let notice = about_account(account, at(NOW - age), told, at(NOW), &policy());
    notice.map(|notice| notice.whom())
}

#[test]
fn an_owner_is_told_three_times_a_day_whatever_others_are_told() {
    let ann = ann();
    assert_eq!(whom(Some(&ann), (2, u32::MAX), 0), Some(Whom::Owner(&ann)));
    assert_eq!(whom(Some(&ann), (3, 3), 0), None);
    assert_eq!(whom(Some(&ann), (0, 0), 24 * 3600 + 1), None);
}

#[test]
fn of_accounts_that_do_not_exist_no_more_is_written_down_than_the_site_grants() {
    assert_eq!(whom(None, (0, 299), 0), Some(Whom::Nobody));
    assert_eq!(whom(None, (0, 300), 0), None);
    assert_eq!(whom(None, (3, 3), 0), None);
}

#[test]
fn the_operator_is_alarmed_once_an_hour() {
    let alarm = |age, alarms| about_guessing(at(NOW - age), alarms, at(NOW));
    assert_eq!(alarm(0, 0).map(|notice| notice.whom()), Some(Whom::Operators));
    assert_eq!(alarm(0, 1), None);
    assert_eq!(alarm(24 * 3600 + 1, 0), None);
}

proptest! {
    #[test]
    fn nothing_that_is_granted_breaks_the_policy(
        bits in any::<u32>(), asked in proptest::option::of(1_i64..40 * 86_400), more in any::<bool>(),
        own_time in proptest::option::of(1_i64..40 * 86_400), age in -100_000_i64..200_000,
        limits in [(); 2].map(|()| proptest::option::of(1_i64..40 * 86_400)),
    ) {
        let seconds = |seconds| Lifetime::from_seconds(seconds).unwrap();
        let (address, lifetime) = (IpAddr::V4(bits.into()), asked.map(seconds));
        let wish = if more { Wish::Extend { lifetime } } else { Wish::Open { address, lifetime } };
        let [own, of_service] = limits.map(|limit| limit.map(seconds));
        let account = Account { lifetime: own_time.map(seconds), longest: own, ..ann() };
        let services = vec![Service { longest: of_service, ..sip(None) }];
        let known = Known { account: Some(account), services, ..Known::new() };
        if let Ok((opened, until)) = known.opened(&wish, NOW - age) {
            prop_assert_eq!(opened, if more { String::new() } else { address.to_string() });
            let longest = [own, of_service].into_iter().flatten().chain([policy().lease.max]).min();
            prop_assert!(until > at(NOW) && until <= at(NOW) + longest.unwrap().signed());
            prop_assert!(age <= STALE.as_secs());
        }
    }
}

#[test]
fn whom_the_operator_denies_is_refused_and_so_is_a_neighbour_in_his_64() {
    let mut known = Known::new();
    known.denied = ["12.34.0.0/16", "2a00:1:2:9::7"].map(|it| it.parse().unwrap()).into();
    for (address, refused) in [
        ("12.34.56.78", Some(Refusal::DeniedAddress)),
        ("12.35.0.0", None),
        ("2a00:1:2:9::8", Some(Refusal::DeniedAddress)),
        ("2a00:1:2:8::7", None),
    ] {
        assert_eq!(refusal(known.judge(&open(address))), refused, "{address}");
    }
    // The newest lease is at 12.34.56.71.
    assert_eq!(refusal(known.judge(&extend())), Some(Refusal::DeniedAddress));
    assert_eq!(refusal(known.judge(&Wish::Close)), None);
}

#[test]
fn whom_fail2ban_keeps_out_is_refused_unless_the_operator_wants_the_ban_lifted() {
    let mut known = Known::new();
    known.banned = ["12.34.56.78/32", "12.34.56.71/32", "2a00:1:2:9::7/128", "9.9.0.0/16"]
        .map(|it| it.parse().unwrap())
        .into();
    let wishes = [open("12.34.56.78"), open("2a00:1:2:9::8"), open("9.9.9.9"), extend()];
    for wish in &wishes {
        assert_eq!(refusal(known.judge(wish)), Some(Refusal::BannedAddress), "{wish:?}");
    }
    assert_eq!(refusal(known.judge(&open("12.34.56.79"))), None);
    let policy = Policy { unban: true, ..policy() };
    let lifted = wishes.each_ref().map(|wish| match judge(wish, at(NOW), known.facts(), &policy) {
        Judgement::Open(admission) => admission.unban().to_vec(),
        Judgement::Extend(extension) => extension.unban().to_vec(),
        other @ (Judgement::Close(_) | Judgement::ChangePin(_) | Judgement::Refuse(_)) => {
            panic!("{other:?}")
        }
    });
    let lifted = lifted.map(|bans| bans.iter().map(IpNet::to_string).collect::<Vec<_>>());
    let expected = ["12.34.56.78/32", "2a00:1:2:9::7/128", "9.9.0.0/16", "12.34.56.71/32"];
    assert_eq!(lifted, expected.map(|ban| vec![ban.to_owned()]));
    known.denied = vec!["12.34.56.78".parse().unwrap()];
    let denied = judge(&wishes[0], at(NOW), known.facts(), &policy);
    assert_eq!(refusal(denied), Some(Refusal::DeniedAddress));
}
