//! What `docs/dialgate.toml.5` promises of the configuration.

use dialgate_contract::config::Config;

const MANUAL: &str = include_str!("../../docs/dialgate.toml.5");

/// The lines of a section, by its heading.
fn section<'a>(heading: &str) -> Vec<&'a str> {
    let lines = MANUAL.lines().skip_while(|line| *line != format!(".SH {heading}")).skip(1);
    lines.take_while(|line| !line.starts_with(".SH")).collect()
}

fn line(key: &str, value: &toml::Value) -> String {
    format!(".BR {key} \" = {}\"", value.to_string().replace('"', "\\(dq"))
}

#[test]
fn every_key_and_its_default_is_in_the_manual() {
    let defaults = toml::Table::try_from(Config::default()).unwrap();
    for (name, value) in &defaults {
        match value {
            toml::Value::Table(keys) => {
                let told = section(&format!("[{name}]"));
                for (key, value) in keys {
                    assert!(told.contains(&line(key, value).as_str()), "{}", line(key, value));
                }
            }
            toml::Value::String(_)
            | toml::Value::Integer(_)
            | toml::Value::Float(_)
            | toml::Value::Boolean(_)
            | toml::Value::Datetime(_)
            | toml::Value::Array(_) => {
                assert!(section("TOP LEVEL").contains(&line(name, value).as_str()), "{name}");
            }
        }
    }
}

#[test]
fn nothing_is_in_the_manual_that_is_no_key() {
    let headings = MANUAL.lines().filter_map(|line| line.strip_prefix(".SH ["));
    let mut file = String::new();
    for heading in headings {
        let (table, _) = heading.split_once(']').unwrap();
        file.push_str(&format!("[{table}]\n"));
        let keys = section(&format!("[{table}]")).into_iter();
        for key in keys.filter_map(|line| line.strip_prefix(".BR ")) {
            if let Some((key, rest)) = key.split_once(" \" = ") {
                file.push_str(&format!(
                    "{key} = {}\n",
                    rest.trim_end_matches('"').replace("\\(dq", "\"")
                ));
            } else if let Some(key) = key.strip_suffix(" \" (absent)\"") {
                file.push_str(&format!("{key} = \"1h\"\n"));
            }
        }
    }
    toml::from_str::<Config>(&file).unwrap_or_else(|error| panic!("{error}\n{file}"));
}
