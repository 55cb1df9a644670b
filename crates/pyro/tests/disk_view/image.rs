//! Images, made by `mke2fs` with the features of `disk/template.sh`, and trees to compare.

use pyro::disk::{DiskView, NodeKind};
use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const FEATURES: &str = "none,has_journal,ext_attr,dir_index,filetype,extent,64bit,flex_bg,\
                        sparse_super,large_file,huge_file,dir_nlink,extra_isize,metadata_csum";

/// A disk, and the tree it was made of.
pub(crate) struct Image(tempfile::TempDir);

/// Permission bits, time of change, and content or target, by path.
pub(crate) type Tree = BTreeMap<Vec<u8>, (NodeKindName, u32, i64, Vec<u8>)>;
type NodeKindName = &'static str;

impl Image {
    /// A disk with what `fill` puts into its `/workspace`.
    pub(crate) fn of(fill: impl FnOnce(&Path)) -> Self {
        let image = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir_all(image.workspace()).unwrap();
        fill(&image.workspace());
        let file = std::fs::File::create(image.path()).unwrap();
        file.set_len(256 << 20).unwrap();
        let mut mke2fs = Command::new("/sbin/mke2fs");
        mke2fs.args(["-q", "-F", "-t", "ext4", "-b", "4096", "-I", "256", "-J", "size=4"]);
        mke2fs.args(["-O", FEATURES, "-d"]).arg(image.0.path().join("root")).arg(image.path());
        assert!(mke2fs.status().unwrap().success());
        // `mke2fs` makes no hash trees; `-D` does
        let check = Command::new("/sbin/e2fsck").arg("-fyD").arg(image.path()).output().unwrap();
        assert!(check.status.code().unwrap() <= 1, "{}", String::from_utf8_lossy(&check.stdout));
        image
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("disk")
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.0.path().join("root/workspace")
    }

    /// A file beside the disk.
    pub(crate) fn beside(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Lets `debugfs` do these requests, and gives what it says.
    pub(crate) fn debugfs(&self, requests: &str) -> String {
        let script = self.beside("requests", requests.as_bytes());
        let mut debugfs = Command::new("/sbin/debugfs");
        let output = debugfs.args(["-w", "-f"]).arg(script).arg(self.path()).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    }
}

pub(crate) fn tree_on(view: &DiskView) -> Tree {
    let mut tree = Tree::new();
    let mut open = vec![Vec::new()];
    while let Some(directory) = open.pop() {
        for entry in view.list(&directory, usize::MAX).unwrap() {
            let mut path = directory.clone();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend(&entry.name);
            let (kind, content) = match entry.metadata.kind {
                NodeKind::File => {
                    let mut content = Vec::new();
                    view.reader(&path).unwrap().read_to_end(&mut content).unwrap();
                    ("file", content)
                }
                NodeKind::Symlink => ("link", view.link_target(&path).unwrap()),
                NodeKind::Directory => {
                    open.push(path.clone());
                    ("directory", Vec::new())
                }
                NodeKind::Other => ("other", Vec::new()),
            };
            tree.insert(path, (kind, entry.metadata.mode, entry.metadata.modified, content));
        }
    }
    tree
}

pub(crate) fn tree_in(top: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut open = vec![top.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let (kind, content) = if metadata.is_dir() {
                open.push(path.clone());
                ("directory", Vec::new())
            } else if metadata.is_symlink() {
                ("link", path.read_link().unwrap().into_os_string().into_vec())
            } else {
                ("file", std::fs::read(&path).unwrap())
            };
            let name = path.strip_prefix(top).unwrap().as_os_str().as_bytes().to_vec();
            tree.insert(name, (kind, metadata.mode() & 0o7777, metadata.mtime(), content));
        }
    }
    tree
}
