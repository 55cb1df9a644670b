//! Which layer an entry of the finished tree comes from. Layers are shown from the top one down, so
//! what is seen first stays: an entry only has to ask whether something above hides it. The same tree as
//! a stack of directories under overlayfs (image-spec 1.1, `layer.md`, "Changeset Whiteouts"), of which no
//! layer is ever unpacked. Names only; contents are somebody else's.

use std::collections::BTreeMap;

/// Number of a layer; the bottom one is 0.
pub(super) type Depth = usize;
type SpotId = usize;
const ROOT: SpotId = 0;
/// Rough cost of a spot and its name in a map, on top of the name's bytes.
const SPOT_OVERHEAD: u64 = 160;

/// What has been seen so far, by path.
#[derive(Debug)]
pub(super) struct Overlay {
    spots: Vec<Spot>,
    held: u64,
}

/// What is known about one path.
#[derive(Debug, Default)]
struct Spot {
    children: BTreeMap<Box<[u8]>, SpotId>,
    /// Layers below this one have nothing to say here or further down.
    floor: Depth,
    /// The same for what lies further down alone.
    floor_inside: Depth,
    /// The layer whose entry is here.
    taken_by: Option<Depth>,
    /// The uppermost layer that has an entry further down.
    led_through_by: Option<Depth>,
}

impl Overlay {
    pub(super) fn new() -> Self {
        Self { spots: vec![Spot::default()], held: 0 }
    }

    /// Takes the path for an entry of `layer`. False where something above hides it.
    pub(super) fn take(&mut self, names: &[&[u8]], layer: Depth, is_directory: bool) -> bool {
        if !self.shows(names, layer, is_directory) {
            // no directory: it ends what shows further down, though it does not show itself
            if let Some(hidden) = self.find(names).filter(|_| !is_directory) {
                self.spots[hidden].floor = self.spots[hidden].floor.max(layer);
            }
            return false;
        }
        let mut at = ROOT;
        for name in names {
            self.spots[at].led_through_by.get_or_insert(layer);
            at = self.child(at, name);
        }
        let spot = &mut self.spots[at];
        spot.taken_by = Some(layer);
        if !is_directory {
            spot.floor = spot.floor.max(layer);
        }
        true
    }

    /// Whether the entry at the path is one of `layer`.
    pub(super) fn is_of(&self, names: &[&[u8]], layer: Depth) -> bool {
        self.find(names).is_some_and(|spot| self.spots[spot].taken_by == Some(layer))
    }

    /// A whiteout in `layer`: nothing below it shows here.
    pub(super) fn hide(&mut self, names: &[&[u8]], layer: Depth) {
        let at = self.reach(names);
        let spot = &mut self.spots[at];
        spot.floor = spot.floor.max(layer);
    }

    /// An opaque directory in `layer`: nothing below it shows inside.
    pub(super) fn hide_inside(&mut self, names: &[&[u8]], layer: Depth) {
        let at = self.reach(names);
        let spot = &mut self.spots[at];
        spot.floor_inside = spot.floor_inside.max(layer);
    }

    /// Roughly how much memory this takes, in bytes.
    pub(super) fn held(&self) -> u64 {
        self.held
    }

    fn shows(&self, names: &[&[u8]], layer: Depth, is_directory: bool) -> bool {
        let mut at = ROOT;
        for name in names {
            if layer < self.spots[at].floor_inside {
                return false;
            }
            // where nothing was seen yet, nothing hides
            let Some(next) = self.spots[at].children.get(*name) else { return true };
            at = *next;
            if layer < self.spots[at].floor {
                return false;
            }
        }
        let spot = &self.spots[at];
        let above = |other: Option<Depth>| other.is_some_and(|other| other > layer);
        !above(spot.taken_by) && (is_directory || !above(spot.led_through_by))
    }

    fn find(&self, names: &[&[u8]]) -> Option<SpotId> {
        names.iter().try_fold(ROOT, |at, name| self.spots[at].children.get(*name).copied())
    }

    fn reach(&mut self, names: &[&[u8]]) -> SpotId {
        names.iter().fold(ROOT, |at, name| self.child(at, name))
    }

    fn child(&mut self, at: SpotId, name: &[u8]) -> SpotId {
        if let Some(child) = self.spots[at].children.get(name) {
            return *child;
        }
        let child = self.spots.len();
        self.held += SPOT_OVERHEAD + name.len() as u64;
        self.spots.push(Spot::default());
        self.spots[at].children.insert(name.into(), child);
        child
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn names(path: &str) -> Vec<&[u8]> {
        path.split('/').filter(|name| !name.is_empty()).map(str::as_bytes).collect()
    }

    /// What happens in a layer.
    #[derive(Debug, Clone)]
    enum Act {
        File(String),
        Directory(String),
        Whiteout(String),
        Opaque(String),
    }

    /// Paths of up to three components out of two names, so that they meet often.
    fn act() -> impl Strategy<Value = Act> {
        let path = proptest::collection::vec("[ab]", 1..4).prop_map(|names| names.join("/"));
        (path, 0..4).prop_map(|(path, kind)| match kind {
            0 => Act::File(path),
            1 => Act::Directory(path),
            2 => Act::Whiteout(path),
            _ => Act::Opaque(path),
        })
    }

    /// A layer as archivers write it: a directory before what is in it, each path once.
    fn tidy(acts: Vec<Act>) -> Vec<Act> {
        let mut tidy: BTreeMap<String, Act> = BTreeMap::new();
        let mut marks = Vec::new();
        for act in acts {
            let (Act::File(path) | Act::Directory(path) | Act::Whiteout(path) | Act::Opaque(path)) =
                &act;
            let path = path.clone();
            let parents: Vec<_> =
                path.match_indices('/').map(|(at, _)| path[..at].to_owned()).collect();
            if parents.iter().any(|p| matches!(tidy.get(p), Some(Act::File(_)))) {
                continue;
            }
            let is_inside = |other: &&String| other.starts_with(&format!("{path}/"));
            if matches!(act, Act::File(_)) && tidy.keys().any(|k| is_inside(&k)) {
                continue;
            }
            for parent in parents {
                tidy.entry(parent.clone()).or_insert(Act::Directory(parent));
            }
            match act {
                Act::Whiteout(_) => marks.push(act),
                Act::Opaque(path) => {
                    if !matches!(tidy.get(&path), Some(Act::File(_))) {
                        tidy.insert(path.clone(), Act::Directory(path.clone()));
                        marks.push(Act::Opaque(path));
                    }
                }
                Act::File(_) | Act::Directory(_) => {
                    tidy.entry(path.clone()).or_insert(act);
                }
            }
        }
        // a path is not both there and taken away
        marks.retain(|mark| !matches!(mark, Act::Whiteout(path) if tidy.contains_key(path)));
        marks.into_iter().chain(tidy.into_values()).collect()
    }

    /// The plain way: every layer applied to a tree, bottom first.
    fn stacked(layers: &[Vec<Act>]) -> BTreeMap<String, (bool, Depth)> {
        let mut tree: BTreeMap<String, (bool, Depth)> = BTreeMap::new();
        for (depth, layer) in layers.iter().enumerate() {
            for act in layer {
                match act {
                    Act::Whiteout(path) => {
                        let inside = format!("{path}/");
                        tree.retain(|p, _| p != path && !p.starts_with(&inside));
                    }
                    Act::Opaque(path) => {
                        let inside = format!("{path}/");
                        tree.retain(|p, _| !p.starts_with(&inside));
                    }
                    _ => {}
                }
            }
            for act in layer {
                match act {
                    Act::File(path) => {
                        let inside = format!("{path}/");
                        tree.retain(|p, _| !p.starts_with(&inside));
                        tree.insert(path.clone(), (false, depth));
                    }
                    Act::Directory(path) => drop(tree.insert(path.clone(), (true, depth))),
                    _ => {}
                }
            }
        }
        tree
    }

    /// Ours: top first, each entry asked once.
    fn overlaid(layers: &[Vec<Act>]) -> BTreeMap<String, (bool, Depth)> {
        let mut overlay = Overlay::new();
        let mut tree = BTreeMap::new();
        for (depth, layer) in layers.iter().enumerate().rev() {
            for act in layer {
                match act {
                    Act::Whiteout(path) => overlay.hide(&names(path), depth),
                    Act::Opaque(path) => overlay.hide_inside(&names(path), depth),
                    Act::File(path) | Act::Directory(path) => {
                        let is_directory = matches!(act, Act::Directory(_));
                        if overlay.take(&names(path), depth, is_directory) {
                            tree.insert(path.clone(), (is_directory, depth));
                        }
                    }
                }
            }
        }
        tree
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn from_the_top_comes_out_what_stacking_gives(
            layers in proptest::collection::vec(proptest::collection::vec(act(), 0..6), 1..5)
        ) {
            let layers: Vec<_> = layers.into_iter().map(tidy).collect();
            prop_assert_eq!(overlaid(&layers), stacked(&layers));
        }
    }

    #[test]
    fn a_directory_that_is_only_led_through_still_has_its_own_entry_below() {
        let mut overlay = Overlay::new();
        assert!(overlay.take(&names("d/new"), 1, false));
        assert!(overlay.take(&names("d"), 0, true));
        assert!(overlay.take(&names("d/old"), 0, false));
        assert!(overlay.is_of(&names("d/old"), 0) && !overlay.is_of(&names("d/new"), 0));
        let mut overlay = Overlay::new();
        assert!(overlay.take(&names("d/new"), 1, false));
        assert!(!overlay.take(&names("d"), 0, false), "a file below a directory is hidden");
    }
}
