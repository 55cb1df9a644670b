//! Reads whatever comes as a patch, and puts it into files: nothing may panic, and what comes out is bounded by
//! what went in.

use pyro::patch::{Applied, Found, Leaf, MAX_FILE, Mode, PatchPlan};
use std::collections::BTreeMap;

/// The first byte says how much of the rest is the content of every file that the patch names; what follows
/// is the patch.
pub(crate) fn apply(bytes: &[u8]) {
    let Some((length, rest)) = bytes.split_first() else { return };
    let (content, patch) = rest.split_at(usize::from(*length).min(rest.len()));
    let Ok(plan) = PatchPlan::parse(patch) else { return };
    let paths: Vec<Vec<u8>> = plan.paths().into_iter().map(<[u8]>::to_vec).collect();
    for path in &paths {
        let parts = || path.split(|byte| *byte == b'/');
        assert!(!path.contains(&0) && parts().all(|part| !matches!(part, b"" | b"." | b"..")));
        assert!(parts().all(|part| !part.eq_ignore_ascii_case(b".git")));
    }
    let mode = Mode::Regular { executable: false };
    let file = Found::Leaf(Leaf { mode, content: content.to_vec() });
    for there in [Found::Nothing, file] {
        let tree: BTreeMap<_, _> = paths.iter().map(|path| (path.clone(), there.clone())).collect();
        match plan.apply(tree) {
            Ok(Applied { files, .. }) => {
                for leaf in files.iter().filter_map(|file| file.after.as_ref()) {
                    assert!(leaf.content.len() <= bytes.len() + MAX_FILE);
                }
            }
            Err(rejected) => assert!(rejected.to_string().len() < 64 << 10),
        }
    }
}
