//! The dashboard and the alerts that are shipped.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::exposition::Exposition;

const DASHBOARD: &str = include_str!("../../../packaging/grafana-dashboard.json");
const ALERTS: &str = include_str!("../../../packaging/prometheus-alerts.yml");

/// Every metric and every label that dashboard and alerts ask for is in `exported`, and each of those metrics is asked
/// for.
pub(crate) fn assert_there(exported: &Exposition) {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut expressions = Vec::new();
    collect(&dashboard, &mut expressions);
    let shown = asked(&expressions);
    let alerts = ALERTS.lines().filter_map(|line| line.trim_start().strip_prefix("expr: "));
    let alerts: Vec<String> = alerts.map(str::to_owned).collect();
    assert!(alerts.len() >= 5, "{alerts:?}");
    expressions.extend(alerts);
    for name in asked(&expressions) {
        assert!(exported.names.contains(&name), "nobody writes {name}");
    }
    for expression in &expressions {
        for label in wanted_labels(expression) {
            assert!(exported.labels.contains(&label), "nobody writes {label}: {expression}");
        }
    }
    for name in &exported.names {
        let is_part = name.ends_with("_sum") || name.ends_with("_count");
        assert!(is_part || shown.contains(name), "no panel shows {name}");
    }
}

fn collect(value: &Value, expressions: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(expression)) = object.get("expr") {
                expressions.push(expression.clone());
            }
            object.values().for_each(|value| collect(value, expressions));
        }
        Value::Array(array) => array.iter().for_each(|value| collect(value, expressions)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The metrics of ours that are asked for; others are node_exporter's.
fn asked(expressions: &[String]) -> BTreeSet<String> {
    let words = expressions.iter().flat_map(|expression| {
        expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').map(str::to_owned)
    });
    words.filter(|word| word.starts_with("dialgate_")).collect()
}

/// Labels that have to have a value: `name="value"`.
fn wanted_labels(expression: &str) -> Vec<String> {
    let braces = expression.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    let labels = braces.flat_map(|(labels, _)| labels.split(','));
    labels.map(|label| label.trim().to_owned()).filter(|label| is_equality(label)).collect()
}

fn is_equality(label: &str) -> bool {
    let name = label.split('=').next().unwrap_or_default();
    !label.contains("=~") && !label.contains('$') && name.chars().all(|c| c.is_ascii_lowercase())
}

#[test]
fn the_dashboard_is_one_that_grafana_10_takes_with_a_data_source_to_choose() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 38);
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    assert!(variables.iter().any(|it| it["type"] == "datasource" && it["query"] == "prometheus"));
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        for key in ["x", "y", "w", "h"] {
            assert!(panel["gridPos"][key].as_u64().is_some(), "{panel}");
        }
        assert!(!panel["title"].as_str().unwrap().is_empty());
        if panel["type"] != "row" {
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{panel}");
            assert!(!panel["targets"].as_array().unwrap().is_empty(), "{panel}");
        }
    }
}

#[test]
fn every_alert_says_what_is_wrong_and_what_to_do() {
    let alerts = ALERTS.matches("- alert: ").count();
    for key in ["expr: ", "for: ", "severity: ", "summary: ", "description: "] {
        assert_eq!(ALERTS.matches(key).count(), alerts, "{key}");
    }
    assert!(!ALERTS.contains('\t'));
}
