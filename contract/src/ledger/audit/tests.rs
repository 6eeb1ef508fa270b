use proptest::prelude::*;
use rusqlite::types::Value;

use super::*;
use crate::ledger::Ledger;

struct Case {
    folder: tempfile::TempDir,
    ledger: Ledger,
}

impl Case {
    fn with_lines(count: u8) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let account = "4711".parse().unwrap();
        for n in 0..count {
            let at = Timestamp::from_second(1_800_000_000 + i64::from(n)).unwrap();
            let account = (n % 2 == 0).then_some(&account);
            ledger
                .write(|tx| record(tx, at, &Actor::Reconciler, "lease-opened", account, "Zoë L1"))
                .unwrap();
        }
        Self { folder, ledger }
    }

    fn fault(&self, known: Option<Head>) -> Option<Fault> {
        verify(self.ledger.connection(), known).unwrap().fault
    }

    fn head(&self) -> Head {
        head(self.ledger.connection()).unwrap().unwrap()
    }

    /// Somebody with a tool of his own, for whom nothing is sacred.
    fn intruder(&self) -> Connection {
        let other = Connection::open(self.folder.path().join("ledger.db")).unwrap();
        other
            .execute_batch(
                "PRAGMA synchronous = OFF; PRAGMA ignore_check_constraints = ON;
                 DROP TRIGGER IF EXISTS audit_update; DROP TRIGGER IF EXISTS audit_delete;",
            )
            .unwrap();
        other
    }
}

/// Every value that differs from this one in one byte, has one less or one more, or is no value where it may be none.
fn others(value: &Value) -> Vec<Value> {
    let bytes = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let flipped = (0..bytes.len()).flat_map(|at| {
            (0..8).map(move |bit| (at, 1 << bit)).map(|(at, mask): (usize, u8)| {
                let mut other = bytes.to_vec();
                other[at] ^= mask;
                other
            })
        });
        let shorter = bytes.split_last().map(|(_, rest)| rest.to_vec());
        flipped.chain(shorter).chain([[bytes, b"x"].concat(), vec![]]).collect()
    };
    let text = |text: &str| -> Vec<Value> {
        // What is no UTF-8 any more is stored all the same, by way of a blob.
        bytes(text.as_bytes()).into_iter().map(Value::Blob).collect()
    };
    match value {
        Value::Integer(number) => {
            (0..64).map(|bit| Value::Integer(number ^ (1_i64 << bit))).collect()
        }
        Value::Text(it) => text(it),
        Value::Blob(it) => bytes(it).into_iter().map(Value::Blob).collect(),
        Value::Null => vec![Value::Blob(Vec::new()), Value::Blob(b"4711".to_vec())],
        Value::Real(_) => panic!("no column holds such"),
    }
}

#[test]
fn no_byte_of_any_column_of_any_line_can_be_changed_unseen() {
    let case = Case::with_lines(3);
    let intruder = case.intruder();
    assert_eq!(case.fault(None), None);
    let mut tried = 0;
    for id in 1..=3_i64 {
        for column in ["id", "at", "actor", "action", "account", "detail", "hash"] {
            let read = format!("SELECT {column} FROM audit WHERE id = ?1");
            let value: Value = intruder.query_row(&read, [id], |row| row.get(0)).unwrap();
            let kind = match column {
                "id" | "at" => "INTEGER",
                "hash" => "BLOB",
                _ => "TEXT",
            };
            let write = format!("UPDATE audit SET {column} = CAST(?2 AS {kind}) WHERE rowid = ?1");
            let mut changes: Vec<Value> =
                others(&value).into_iter().filter(|other| *other != value).collect();
            if let (Value::Text(text), "account") = (&value, column) {
                assert_eq!(text, "4711");
                changes.push(Value::Null);
            }
            for other in changes {
                // Two lines cannot have one number.
                let Ok(1) = intruder.execute(&write, params![id, other]) else {
                    assert_eq!(column, "id");
                    continue;
                };
                let fault =
                    case.fault(None).unwrap_or_else(|| panic!("{column} of {id}: {other:?}"));
                let first = if column == "id" { fault.line() <= id } else { fault.line() == id };
                assert!(first, "{column} of {id}: {fault}");
                let at = if let (Value::Integer(to), "id") = (&other, column) { *to } else { id };
                intruder.execute(&write, params![at, value]).unwrap();
                tried += 1;
            }
        }
    }
    assert_eq!(case.fault(None), None);
    assert!(tried > 1_900, "{tried}");
}

#[test]
fn a_line_that_is_missing_put_in_or_in_another_place_is_named() {
    let all = "id, at, actor, action, account, detail, hash";
    for (sql, fault) in [
        ("DELETE FROM audit WHERE id = 1".to_owned(), Fault::Missing(1)),
        ("DELETE FROM audit WHERE id = 4".to_owned(), Fault::Missing(4)),
        ("DELETE FROM audit WHERE id > 6".to_owned(), Fault::Missing(7)),
        ("DELETE FROM audit".to_owned(), Fault::Missing(1)),
        (
            "DELETE FROM audit WHERE id = 4; UPDATE audit SET id = id - 1 WHERE id > 4;
             UPDATE sqlite_sequence SET seq = 7 WHERE name = 'audit'"
                .to_owned(),
            Fault::Changed(4),
        ),
        (
            "UPDATE audit SET id = 100 WHERE id = 3; UPDATE audit SET id = 3 WHERE id = 5;
             UPDATE audit SET id = 5 WHERE id = 100"
                .to_owned(),
            Fault::Changed(3),
        ),
        (
            format!(
                "INSERT INTO audit ({all}) SELECT 9, at, actor, action, account, detail, hash FROM audit WHERE id = 8"
            ),
            Fault::Changed(9),
        ),
        (
            format!(
                "INSERT INTO audit ({all}) SELECT 0, at, actor, action, account, detail, hash FROM audit WHERE id = 8"
            ),
            Fault::Changed(0),
        ),
    ] {
        let case = Case::with_lines(8);
        case.intruder().execute_batch(&sql).unwrap();
        assert_eq!(case.fault(None), Some(fault), "{sql}");
    }
}

#[test]
fn a_trail_that_was_written_anew_or_cut_off_does_not_hold_a_head_of_before() {
    let case = Case::with_lines(5);
    let early = case.head();
    let mut longer = Case::with_lines(5);
    let at = Timestamp::from_second(1).unwrap();
    let write = |case: &mut Case, detail: &str| {
        case.ledger
            .write(|tx| record(tx, at, &Actor::Unknown, "lease-opened", None, detail))
            .unwrap();
    };
    write(&mut longer, "one");
    let late = longer.head();
    assert_eq!(longer.fault(Some(early)), None);
    assert_eq!(longer.fault(Some(late)), None);

    let sequence = "UPDATE sqlite_sequence SET seq = 5 WHERE name = 'audit'";
    let cut = format!("DELETE FROM audit WHERE id = 6; {sequence}");
    longer.intruder().execute_batch(&cut).unwrap();
    assert_eq!(longer.fault(None), None);
    assert_eq!(longer.fault(Some(late)), Some(Fault::Missing(6)));
    write(&mut longer, "another");
    assert_eq!(longer.fault(None), None);
    assert_eq!(longer.fault(Some(late)), Some(Fault::Rewritten(6)));
    assert_eq!(longer.fault(Some(early)), None);
}

#[test]
fn lines_go_on_after_a_gap_that_stays_visible() {
    let mut case = Case::with_lines(4);
    case.intruder().execute_batch("DELETE FROM audit WHERE id > 2").unwrap();
    let at = Timestamp::from_second(1).unwrap();
    case.ledger.write(|tx| record(tx, at, &Actor::Unknown, "x", None, "")).unwrap();
    assert_eq!(case.head().id, 5);
    assert_eq!(case.fault(None), Some(Fault::Missing(3)));
}

#[test]
fn our_own_programs_cannot_change_a_line() {
    let mut case = Case::with_lines(1);
    for sql in ["UPDATE audit SET detail = ''", "DELETE FROM audit"] {
        let tried = case.ledger.write(|tx| tx.execute(sql, []).map_err(DatabaseError::from));
        assert!(tried.unwrap_err().to_string().contains("only added"), "{sql}");
    }
    assert_eq!(case.fault(None), None);
}

#[test]
fn two_who_write_at_the_same_time_make_one_chain() {
    let case = Case::with_lines(0);
    let path = case.folder.path().join("ledger.db");
    std::thread::scope(|scope| {
        for name in ["one", "two", "three"] {
            let path = &path;
            scope.spawn(move || {
                let mut ledger = Ledger::open(path).unwrap();
                let actor = Actor::Operator(name.to_owned());
                for _ in 0..20 {
                    let at = Timestamp::UNIX_EPOCH;
                    ledger.write(|tx| record(tx, at, &actor, "x", None, "")).unwrap();
                }
            });
        }
    });
    let chain = verify(case.ledger.connection(), None).unwrap();
    assert_eq!((chain.lines, chain.fault), (60, None));
}

#[test]
fn a_head_is_read_as_it_is_printed() {
    let case = Case::with_lines(1);
    let head = case.head();
    let text = head.to_string();
    assert_eq!(text.parse(), Ok(head));
    assert_eq!(text.to_uppercase().parse(), Ok(head));
    for bad in [
        "",
        "1",
        "1:",
        "1:ab",
        "0:",
        ":ab",
        &text.replace("f", "g").replace("0", "x"),
        &format!("{text}0"),
        &text.replace("1:", "-1:"),
        &text.replace("1:", "0:"),
    ] {
        assert_eq!(bad.parse::<Head>(), Err(HeadError), "{bad}");
    }
}

/// The hash of the first line as another program would find it from the description.
#[test]
fn the_hash_is_the_one_that_is_described() {
    let case = Case::with_lines(1);
    let mut bytes = vec![0; 32];
    bytes.extend(1_u64.to_be_bytes());
    bytes.extend(1_800_000_000_u64.to_be_bytes());
    for text in ["reconciler", "lease-opened", "Zoë L1"] {
        bytes.extend((text.len() as u64).to_be_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes.extend([1, 0, 0, 0, 0, 0, 0, 0, 4]);
    bytes.extend(b"4711");
    let expected: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(&bytes).into();
    assert_eq!(case.head().hash.as_bytes(), expected);
}

type Texts = (i64, i64, String, String, Option<String>, String);

fn line((id, at, actor, action, account, detail): &Texts) -> LineHash {
    let (actor, action, detail) = (actor.as_bytes(), action.as_bytes(), detail.as_bytes());
    let account = account.as_deref().map(str::as_bytes);
    Line { id: *id, at: *at, actor, action, account, detail }.hash(LineHash::NONE)
}

proptest! {
    /// Texts of few characters, so that one column often begins as the one before it ends.
    #[test]
    fn lines_that_differ_have_hashes_that_differ(
        one in (0..3_i64, 0..3_i64, "[ab]{0,3}", "[ab]{0,3}", proptest::option::of("[ab]{0,3}"), "[ab]{0,3}"),
        other in (0..3_i64, 0..3_i64, "[ab]{0,3}", "[ab]{0,3}", proptest::option::of("[ab]{0,3}"), "[ab]{0,3}"),
    ) {
        prop_assert_eq!(line(&one) == line(&other), one == other);
    }
}
