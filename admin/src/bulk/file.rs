//! The lines of a CSV file (RFC 4180), as spreadsheets write it: with commas, semicolons or tabs.

use std::fmt::Display;
use std::str::FromStr;

use csv::{ByteRecord, ReaderBuilder, StringRecord, Trim};
use dialgate_contract::{AccountNumber, Language, Lifetime, ServiceName};
use dialgate_pin::Pin;

use super::error::BulkError;
use crate::argument::{AddressCount, NewNumber, Setting};
use crate::cli::Changes;
use crate::contact::{Email, PersonName};

/// What a column may be called. Export writes all but the last, which is a secret.
pub(super) const COLUMNS: [&str; 11] = [
    "number",
    "name",
    "email",
    "services",
    "enabled",
    "lease",
    "max",
    "addresses",
    "time_zone",
    "language",
    "pin",
];
/// So much of a bad cell is shown.
const SHOWN: usize = 40;

/// One account of the file, or what is wrong with it.
#[derive(Debug)]
pub(super) struct Line {
    /// Its number in the file; the first is 1.
    pub(super) number: u64,
    pub(super) wanted: Result<Wanted, Vec<String>>,
}

/// What a line says of an account. What it has no column for is left as it is.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) number: NewNumber,
    pub(super) changes: Changes,
    pub(super) enabled: Option<bool>,
    pub(super) pin: Option<Pin>,
}

impl Wanted {
    /// `None`: any that is free.
    pub(super) const fn own_number(&self) -> Option<&AccountNumber> {
        match &self.number {
            NewNumber::Number(number) => Some(number),
            NewNumber::Auto => None,
        }
    }
}

/// Reads all lines, the bad ones too.
pub(super) fn read(text: &[u8]) -> Result<Vec<Line>, BulkError> {
    // Excel marks UTF-8 in this way.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(text))
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text);
    let mut record = ByteRecord::new();
    let mut columns: Option<Vec<&'static str>> = None;
    let mut lines = Vec::new();
    while reader.read_byte_record(&mut record).map_err(BulkError::Write)? {
        let number = record.position().map_or(0, csv::Position::line);
        let is_empty = record.iter().all(<[u8]>::is_empty);
        match &columns {
            _ if is_empty => {}
            None => columns = Some(header(&record)?),
            Some(columns) => lines.push(Line { number, wanted: line(columns, &record) }),
        }
    }
    Ok(lines)
}

/// What separates the names of the columns.
fn delimiter(text: &[u8]) -> u8 {
    let header = text.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty());
    let header = header.unwrap_or_default();
    [b',', b';', b'\t'].into_iter().find(|byte| header.contains(byte)).unwrap_or(b',')
}

fn header(record: &ByteRecord) -> Result<Vec<&'static str>, BulkError> {
    let mut columns = Vec::new();
    for cell in record {
        let text = String::from_utf8_lossy(cell);
        let name = text.to_lowercase().replace(['-', ' '], "_");
        let Some(column) = COLUMNS.into_iter().find(|column| *column == name) else {
            return Err(BulkError::Column { name: shown(&text), known: COLUMNS.join(", ") });
        };
        if columns.contains(&column) {
            return Err(BulkError::Twice(column));
        }
        columns.push(column);
    }
    if !columns.contains(&"number") {
        return Err(BulkError::Header("number", "number,name,email,services".to_owned()));
    }
    Ok(columns)
}

fn line(columns: &[&'static str], record: &ByteRecord) -> Result<Wanted, Vec<String>> {
    let record = StringRecord::from_byte_record(record.clone())
        .map_err(|_| vec!["this is not UTF-8: save the file as CSV in UTF-8".to_owned()])?;
    if record.len() != columns.len() {
        return Err(vec![format!(
            "it has {} cells and line 1 names {} columns: put a cell that holds a comma in double quotes",
            record.len(),
            columns.len()
        )]);
    }
    let mut cells = Cells { columns, record: &record, problems: Vec::new() };
    let number = cells.required("number");
    let changes = Changes {
        name: cells.required::<PersonName>("name"),
        email: cells.required::<Email>("email"),
        services: cells.services(),
        lease: cells.setting::<Lifetime>("lease"),
        max: cells.setting::<Lifetime>("max"),
        addresses: cells.setting::<AddressCount>("addresses"),
        time_zone: cells.setting("time_zone"),
        language: cells.setting::<Language>("language"),
    };
    let enabled = cells.enabled();
    let pin = cells.pin();
    match number {
        Some(number) if cells.problems.is_empty() => Ok(Wanted { number, changes, enabled, pin }),
        Some(_) | None => Err(cells.problems),
    }
}

struct Cells<'a> {
    columns: &'a [&'static str],
    record: &'a StringRecord,
    problems: Vec<String>,
}

impl<'a> Cells<'a> {
    /// What stands in a column; `None` when there is no such column.
    fn text(&self, column: &str) -> Option<&'a str> {
        let index = self.columns.iter().position(|name| *name == column)?;
        self.record.get(index)
    }

    fn problem(&mut self, column: &str, text: &str, problem: impl Display) {
        self.problems.push(match text {
            "" => format!("{column} is empty: {problem}"),
            text => format!("{column} {:?}: {problem}", shown(text)),
        });
    }

    /// What cannot be left empty.
    fn required<T: FromStr<Err: Display>>(&mut self, column: &'static str) -> Option<T> {
        let text = self.text(column)?;
        text.parse().map_err(|error| self.problem(column, text, error)).ok()
    }

    /// What has a default.
    fn setting<T: FromStr<Err: Display>>(&mut self, column: &'static str) -> Option<Setting<T>> {
        match self.text(column)? {
            "" => Some(Setting::Default),
            text => text.parse().map_err(|error| self.problem(column, text, error)).ok(),
        }
    }

    fn services(&mut self) -> Option<Vec<ServiceName>> {
        let text = self.text("services")?;
        let names = text.split([' ', ',', ';']).filter(|name| !name.is_empty());
        let names: Result<Vec<ServiceName>, _> = names.map(str::parse).collect();
        match names {
            Ok(names) if !names.is_empty() => return Some(names),
            Ok(_) => self.problem("services", "", "name at least one, such as sip rtp"),
            Err(error) => self.problem("services", text, error),
        }
        None
    }

    fn enabled(&mut self) -> Option<bool> {
        let text = self.text("enabled")?;
        match text.to_ascii_lowercase().as_str() {
            // Nobody who was shut out is let in again by a cell that was not filled in.
            "" => {}
            "yes" | "true" | "1" => return Some(true),
            "no" | "false" | "0" => return Some(false),
            _ => self.problem("enabled", text, "write yes or no"),
        }
        None
    }

    /// A secret, of which nothing is ever shown.
    fn pin(&mut self) -> Option<Pin> {
        let text = self.text("pin").filter(|text| !text.is_empty())?;
        Pin::new(text).map_err(|error| self.problems.push(format!("pin: {error}"))).ok()
    }
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}
