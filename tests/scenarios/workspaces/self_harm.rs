//! A guest that takes all there is of something harms itself: whoever calls next is told, and a reset
//! makes it well.

use scenarios::{World, descendants};

/// Sizes that fill any disk to its last block, largest first: what does not fit is left out.
const FILL: &str = "for size in 4G 2G 1G 512M 256M 128M 64M 32M 16M 8M 4M 2M 1M 512K 256K 128K 64K 32K 16K 8K 4K 4K 4K; do
        fallocate -l $size /workspace/fill$size.$((n = n + 1)) 2> /dev/null
    done; true";

#[test]
fn a_guest_that_takes_everything_is_made_well_by_a_reset() {
    let world = World::new();
    let workspace = world.workspace(&["--mem-mib", "512"]);
    let bystander = world.workspace(&[]);

    let _ = workspace.script(FILL).succeeds();
    let write = |text: &str| workspace.call(&["file", "write"], &["a", "--text", text, "--json"]);
    let full = write("more than fits in an inode").outcome().exits(1).json();
    assert_eq!(full["code"], "guest_no_space", "{full}");
    assert!(full["hints"][0].as_str().unwrap().contains("reset"), "{full}");
    let _ = workspace.call(&["reset"], &[]).succeeds();
    let _ = write("fits").succeeds();

    let hog = "while (1) { push @all, 'x' x (32 << 20) }";
    let killed = workspace.exec(&["perl", "-e", hog]).outcome();
    assert_eq!(killed.code(), 128 + 9, "{}", killed.stderr);
    assert_eq!(workspace.exec(&["cat", "a"]).succeeds().text(), "fits", "nothing else was killed");

    let bomb = "bomb() { bomb | bomb & }; bomb; sleep 600";
    let limit = ["--timeout-seconds", "2"];
    let bombed = workspace.exec_with(&limit, &["sh", "-c", bomb]).outcome();
    assert!([124, 125].contains(&bombed.code()), "{}", bombed.stderr);
    let told = bombed.stderr + &workspace.exec_with(&limit, &["true"]).outcome().stderr;
    assert!(told.contains("time limit") || told.contains("was killed after"), "{told}");
    let _ = workspace.call(&["reset"], &[]).succeeds();
    assert_eq!(workspace.exec(&["echo", "well"]).succeeds().text(), "well");

    assert_eq!(bystander.exec(&["echo", "unharmed"]).succeeds().text(), "unharmed");
    assert!(descendants().iter().all(|process| !process.mentions("bomb")));
    workspace.delete();
    bystander.delete();
    world.assert_clean();
}
