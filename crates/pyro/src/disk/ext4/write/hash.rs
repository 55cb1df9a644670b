//! The hash by which a directory's index is ordered: half of MD4, of which two words are used. Format
//! and constants are those of `fs/ext4/hash.c` of Linux, for names whose bytes count as signed.

/// Words and bytes of a name that are mixed in at once.
const WORDS: usize = 8;
const BYTES: usize = 4 * WORDS;
/// What no hash may be: it marks the end of a directory that is being read (`EXT4_HTREE_EOF_32BIT`).
const END: u32 = 0x7fff_ffff << 1;

/// Which word of the name comes when, and by how much is rotated, for each of the three rounds.
const ORDERS: [[usize; WORDS]; 3] =
    [[0, 1, 2, 3, 4, 5, 6, 7], [1, 3, 5, 7, 0, 2, 4, 6], [3, 7, 2, 6, 1, 5, 0, 4]];
const TURNS: [[u32; 4]; 3] = [[3, 7, 11, 19], [3, 5, 9, 13], [3, 9, 11, 15]];
/// What is added in each round: the square roots of 2 and 3, as in RFC 1320.
const ADDED: [u32; 3] = [0, 0x5a82_7999, 0x6ed9_eba1];

/// The two parts of a name's hash: by the first, whose last bit is free, the index is ordered; by the
/// second among names with the same first.
pub(super) fn half_md4(name: &[u8], seed: [u32; 4]) -> (u32, u32) {
    let mut state = seed;
    let mut rest = name;
    while !rest.is_empty() {
        mix(&mut state, &words(rest));
        rest = rest.get(BYTES..).unwrap_or_default();
    }
    let [_, major, minor, _] = state;
    let major = major & !1;
    (if major == END { END - 2 } else { major }, minor)
}

/// The first bytes of `rest`, four to a word, and its length where they end.
fn words(rest: &[u8]) -> [u32; WORDS] {
    let length = u32::try_from(rest.len()).unwrap_or(0); // a name has 255 bytes at most
    let padding = (length | length << 8).wrapping_mul(0x1_0001);
    let mut words = [padding; WORDS];
    for (word, bytes) in words.iter_mut().zip(rest.chunks(4)) {
        for byte in bytes {
            let signed = i32::from(byte.cast_signed()).cast_unsigned();
            *word = signed.wrapping_add(*word << 8);
        }
    }
    words
}

fn mix(state: &mut [u32; 4], words: &[u32; WORDS]) {
    let [mut a, mut b, mut c, mut d] = *state;
    for round in 0..3 {
        for (step, word) in ORDERS[round].into_iter().enumerate() {
            let chosen = match round {
                0 => d ^ (b & (c ^ d)),
                1 => (b & c).wrapping_add((b ^ c) & d),
                _ => b ^ c ^ d,
            };
            let sum = a.wrapping_add(chosen).wrapping_add(words[word]).wrapping_add(ADDED[round]);
            (a, b, c, d) = (d, sum.rotate_left(TURNS[round][step % 4]), b, c);
        }
    }
    for (word, mixed) in state.iter_mut().zip([a, b, c, d]) {
        *word = word.wrapping_add(mixed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// The template's seed, as text and as words.
    const SEED: &str = "70797269-6861-7368-7365-656400000000";
    const WORDS_OF_SEED: [u32; 4] = [0x6972_7970, 0x6873_6168, 0x6465_6573, 0];

    #[test]
    fn hashes_are_those_of_e2fsprogs() {
        let long = "x".repeat(255);
        let names =
            ["a", "abc", "abcd", "main.rs", "a name with many letters, even thirty-two", &long];
        for name in names {
            let request = format!("dx_hash -h half_md4 -s {SEED} \"{name}\"");
            let debugfs = Command::new("/sbin/debugfs").args(["-R", &request]).output().unwrap();
            let said = String::from_utf8(debugfs.stdout).unwrap();
            let (major, minor) = half_md4(name.as_bytes(), WORDS_OF_SEED);
            let ours = format!("0x{major:08x} (minor 0x{minor:08x})");
            assert!(said.contains(&ours), "{name}: {ours}, not {said}");
        }
    }
}
