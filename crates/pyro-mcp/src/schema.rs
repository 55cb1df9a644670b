//! JSON Schemas of tool arguments and results, without what chat hosts stumble over.

use rmcp::model::JsonObject;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::Value;
use std::sync::Arc;

/// The schema of the structured result `T`, as [`input`] of arguments. Which fields are always there is left
/// out: nobody asks, and every model reads it.
pub(crate) fn output<T: JsonSchema>() -> Arc<JsonObject> {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = of(settings.into_generator().into_root_schema_for::<T>());
    let fields = Arc::make_mut(&mut schema);
    fields.remove("required");
    fields.values_mut().for_each(strip_required);
    schema
}

fn strip_required(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, value| name != "required" || !value.is_array());
            fields.values_mut().for_each(strip_required);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_required),
        _ => {}
    }
}

/// The schema of `T`, without `format` (validators of several hosts print a warning about `uint32`
/// to the user's terminal), without the least value of unsigned numbers, and without the title and
/// description of the type itself.
pub(crate) fn input<T: JsonSchema>() -> Arc<JsonObject> {
    of(SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>())
}

fn of(schema: Schema) -> Arc<JsonObject> {
    let mut schema = match schema.to_value() {
        Value::Object(schema) => schema,
        _ => JsonObject::new(),
    };
    for own in ["$schema", "title", "description"] {
        schema.remove(own);
    }
    schema.values_mut().for_each(strip_noise);
    // Model APIs want it even where there is nothing in it.
    schema.entry("properties").or_insert_with(|| Value::Object(JsonObject::new()));
    Arc::new(schema)
}

fn strip_noise(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, value| name != "format" || !value.is_string());
            // of every unsigned number, and said nowhere else: a model gives none that is negative
            fields.retain(|name, value| name != "minimum" || *value != 0);
            fields.values_mut().for_each(strip_noise);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_noise),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Sample {
        /// A property that is itself called format.
        format: u32,
        list: Option<Vec<u64>>,
    }

    #[test]
    fn no_format_is_left_and_a_property_of_that_name_stays() {
        let schema = Value::Object(Arc::unwrap_or_clone(input::<Sample>()));
        assert!(!schema.to_string().contains("uint"), "{schema}");
        assert_eq!(schema["properties"]["format"]["type"], "integer");
        assert!(schema.get("$schema").is_none() && schema.get("title").is_none());
    }
}
