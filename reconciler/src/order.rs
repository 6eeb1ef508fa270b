//! Which requests are decided before which.

use std::collections::BTreeSet;

use dialgate_contract::queue::{Matter, Request, Wish};

/// Requests that open nothing, and the others, each in their order. Whatever comes after an opening of the same account
/// stays behind it: who opened and then closed is to have nothing open.
pub(crate) fn closing_first(requests: &[Request]) -> (Vec<&Request>, Vec<&Request>) {
    let mut opened = BTreeSet::new();
    requests.iter().partition(|request| match &request.matter {
        Matter::Access { account, wish: Wish::Open { .. } | Wish::Extend { .. } } => {
            opened.insert(account);
            false
        }
        Matter::Access { account, wish: Wish::Close | Wish::ChangePin { .. } } => {
            !opened.contains(account)
        }
        Matter::FailedLogins { .. } | Matter::Guessing { .. } => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialgate_contract::{CallerId, RequestId};
    use jiff::Timestamp;

    fn request(n: u8, account: &str, wish: Wish) -> Request {
        Request {
            id: RequestId::from_random([n; 16]),
            matter: Matter::Access { account: account.parse().unwrap(), wish },
            caller: CallerId::from_network("2001"),
            requested_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn closing_waits_for_what_the_same_account_opened_before_and_for_nothing_else() {
        let open = || Wish::Open { address: "12.34.56.78".parse().unwrap(), lifetime: None };
        let requests = [
            request(1, "4711", Wish::Close),
            request(2, "4711", open()),
            request(3, "4712", Wish::Close),
            request(4, "4711", Wish::Close),
            request(5, "4712", Wish::Extend { lifetime: None }),
            request(6, "4712", Wish::Close),
            Request { matter: Matter::Guessing { failures: 9 }, ..request(7, "4711", open()) },
        ];
        let (closing, opening) = closing_first(&requests);
        let ids = |some: Vec<&Request>| some.iter().map(|it| it.id).collect::<Vec<_>>();
        let of = |some: &[u8]| some.iter().map(|&n| RequestId::from_random([n; 16])).collect();
        let expected: (Vec<_>, Vec<_>) = (of(&[1, 3, 7]), of(&[2, 4, 5, 6]));
        assert_eq!((ids(closing), ids(opening)), expected);
    }
}
