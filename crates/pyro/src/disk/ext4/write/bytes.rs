//! Numbers in a structure that is being made.

/// Puts bytes at their place; a number is given as its `to_le_bytes`.
pub(super) fn put<const N: usize>(into: &mut [u8], at: usize, bytes: [u8; N]) {
    into[at..at + N].copy_from_slice(&bytes);
}

/// A number whose halves lie apart: its lower 16 bits at one place, its upper at another.
pub(super) fn put_apart(into: &mut [u8], (low, high): (usize, usize), number: u32) {
    let [a, b, c, d] = number.to_le_bytes();
    put(into, low, [a, b]);
    put(into, high, [c, d]);
}

/// The lower 16 bits that lie at one place, and the upper at another.
pub(super) fn get_apart(from: &[u8], (low, high): (usize, usize)) -> u32 {
    u32::from_le_bytes([from[low], from[low + 1], from[high], from[high + 1]])
}
