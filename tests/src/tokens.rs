//! What a text costs a model.

/// Tokens of a text, counted with a public tokenizer (`o200k_base` of OpenAI); those of other models' makers differ
/// by some percent.
#[must_use]
pub fn tokens(text: &str) -> usize {
    tiktoken_rs::o200k_base_singleton().encode_ordinary(text).len()
}
