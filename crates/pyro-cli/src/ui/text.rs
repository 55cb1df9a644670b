//! Numbers and records as a person reads them.

use serde::Serialize;
use serde_json::Value;
use std::fmt::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// `1.2 s`, `340 ms`, `2 min 5 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    match duration.as_secs() {
        0 => format!("{} ms", duration.as_millis()),
        1..60 => format!("{:.1} s", duration.as_secs_f64()),
        whole => format!("{} min {} s", whole / 60, whole % 60),
    }
}

/// How long ago a time in Unix seconds was: `3 min ago`.
pub(crate) fn ago(then: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    match now.saturating_sub(then) {
        0 => "just now".to_owned(),
        seconds => format!("{} ago", rough(seconds)),
    }
}

/// How long it is until a time in Unix seconds: `9 min`.
pub(crate) fn until(then: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    rough(then.saturating_sub(now))
}

/// The largest unit of which there is a whole one.
fn rough(seconds: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(86_400, "d"), (3_600, "h"), (60, "min")];
    let unit = UNITS.into_iter().find(|(length, _)| seconds >= *length);
    let (length, name) = unit.unwrap_or((1, "s"));
    format!("{} {name}", seconds / length)
}

/// `1 file`, `3 files`.
pub(crate) fn count(number: u64, thing: &str) -> String {
    match (number, thing.strip_suffix('y')) {
        (1, _) => format!("1 {thing}"),
        (number, Some(stem)) => format!("{number} {stem}ies"),
        (number, None) => format!("{number} {thing}s"),
    }
}

/// Binary units, one decimal below ten: `8.0 GiB`, `196 KiB`.
pub(crate) fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let power = ((bytes.ilog2() / 10) as usize).min(UNITS.len());
    // Exact to 53 bits; only three digits are shown.
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let value = bytes as f64 / (1u64 << (10 * power)) as f64;
    if value < 10.0 {
        format!("{value:.1} {}", UNITS[power - 1])
    } else {
        format!("{value:.0} {}", UNITS[power - 1])
    }
}

/// A record as `name: value` lines, what is inside it indented. Absent values are left out.
pub(crate) fn outline(value: &impl Serialize) -> std::io::Result<String> {
    let mut text = String::new();
    write_value(&mut text, &serde_json::to_value(value)?, 0);
    Ok(text)
}

fn write_value(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                write_field(text, name, value, depth);
            }
        }
        Value::Array(items) => {
            for item in items {
                write_field(text, "-", item, depth);
            }
        }
        scalar => line(text, depth, &plain(scalar)),
    }
}

fn write_field(text: &mut String, name: &str, value: &Value, depth: usize) {
    let label = if name == "-" { name.to_owned() } else { format!("{name}:") };
    match value {
        Value::Null => {}
        Value::Object(_) | Value::Array(_) => {
            line(text, depth, &label);
            write_value(text, value, depth + 1);
        }
        scalar => line(text, depth, &format!("{label} {}", plain(scalar))),
    }
}

fn line(text: &mut String, depth: usize, content: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{:indent$}{content}", "", indent = depth * 2);
}

fn plain(scalar: &Value) -> String {
    scalar.as_str().map_or_else(|| scalar.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_have_at_most_three_digits() {
        assert_eq!(seconds(Duration::from_millis(340)), "340 ms");
        assert_eq!(seconds(Duration::from_millis(1240)), "1.2 s");
        assert_eq!(seconds(Duration::from_secs(125)), "2 min 5 s");
        assert_eq!(human_bytes(1023), "1023 B");
        assert_eq!(human_bytes(1024), "1.0 KiB");
        assert_eq!(human_bytes(196 << 10), "196 KiB");
        assert_eq!(human_bytes(8 << 30), "8.0 GiB");
        assert_eq!(human_bytes(u64::MAX), "16 EiB");
    }

    #[test]
    fn times_are_rough_and_things_are_counted() {
        let shown = [0, 59, 60, 3_599, 3_600, 86_399, 864_000].map(rough);
        assert_eq!(shown, ["0 s", "59 s", "1 min", "59 min", "1 h", "23 h", "10 d"]);
        assert!(ago(0).ends_with(" d ago"));
        assert_eq!(ago(u64::MAX), "just now");
        assert_eq!(until(0), "0 s");
        assert_eq!(count(1, "entry"), "1 entry");
        assert_eq!(count(0, "entry"), "0 entries");
        assert_eq!(count(12, "file"), "12 files");
    }

    #[test]
    fn a_record_is_indented_and_what_is_absent_is_left_out() {
        let record = serde_json::json!({"a": 1, "b": null, "c": {"d": ["x", {"e": true}]}});
        assert_eq!(outline(&record).unwrap(), "a: 1\nc:\n  d:\n    - x\n    -\n      e: true\n");
    }
}
