//! Which of some words somebody may have meant.

/// The known word that is nearest to `word`, where one is near: at most half of it differs.
pub(super) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let near = known.iter().map(|known| (distance(word, known), *known));
    let (steps, nearest) = near.min_by_key(|(steps, _)| *steps)?;
    (steps * 2 <= word.chars().count()).then_some(nearest)
}

/// How many letters have to be put in, taken out or exchanged (Levenshtein's distance).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, same) in other.iter().enumerate() {
            let exchanged = diagonal + usize::from(letter != *same);
            diagonal = row[j + 1];
            row[j + 1] = exchanged.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_understood_and_another_word_is_not() {
        let known = ["packages", "run", "from", "files", "workdir"];
        for (written, meant) in
            [("package", "packages"), ("pakcages", "packages"), ("form", "from"), ("runs", "run")]
        {
            assert_eq!(nearest(written, &known), Some(meant));
        }
        assert_eq!(nearest("entrypoint", &known), None);
        assert_eq!(nearest("", &known), None);
        assert_eq!(nearest("x", &[]), None);
    }

    #[test]
    fn the_distance_counts_steps() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }
}
