//! Disks read by a process in the jail: it says what [`DiskView`] says, sees nothing of the host, and whoever
//! asks believes nothing that cannot be. This program is also the jail's launcher and the process that
//! reads; a disk that begins with `LIE ` makes it a liar, one that begins with `LOOK` one that looks around.
#![expect(
    clippy::unwrap_used,
    reason = "all of it is test code, which clippy cannot see without #[test] functions"
)]

#[path = "../disk_view/image.rs"]
#[expect(dead_code, reason = "each test program uses its own part")]
mod image;

use image::Image;
use libtest_mimic::{Arguments, Trial};
use pyro::Config;
use pyro::confined::{self, Confined, ConfinedError, Confinement, Planned};
use pyro::disk::{DiskView, Run};
use pyro::error::Diagnose;
use pyro::machine::jail;
use pyro_proto::GuestPath;
use pyro_proto::tree::Kind;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::{FileExt, symlink};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    match arguments.next() {
        Some(role) if role == jail::ROLE => return jail::launcher_main(arguments),
        Some(role) if role == confined::ROLE => return read_or_lie(),
        _ => {}
    }
    let trials = vec![
        trial("it_says_what_the_view_says", says_the_same),
        trial("a_plan_leads_to_what_the_disk_holds", plans),
        trial("what_is_wrong_is_told_and_the_next_question_answered", wrong_questions),
        trial("a_disk_that_is_none_is_refused_by_code", no_disk),
        trial("a_journal_that_waits_is_no_clean_disk", unclean),
        trial("it_sees_nothing_of_the_host", sees_nothing),
        trial("lies_are_refused", lies),
        trial("lies_of_a_plan_are_refused", lies_of_plans),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial(name: &str, run: fn()) -> Trial {
    Trial::test(name, move || {
        run();
        Ok(())
    })
}

fn start(disk: File) -> Confined {
    static HOME: std::sync::OnceLock<tempfile::TempDir> = std::sync::OnceLock::new();
    let home = HOME.get_or_init(|| tempfile::tempdir().unwrap()).path().as_os_str().to_owned();
    let config = Config::from_lookup(std::env::current_exe().unwrap(), |name| {
        (name == "PYRO_HOME").then(|| home.clone())
    });
    Confined::start(&Confinement::of(&config.unwrap(), "ws-1"), disk).unwrap()
}

fn disk_with(content: &[u8]) -> File {
    let file = tempfile::tempfile().unwrap();
    file.write_all_at(content, 0).unwrap();
    file
}

fn specimen() -> Image {
    Image::of(|workspace| {
        std::fs::create_dir_all(workspace.join("a/b")).unwrap();
        std::fs::write(workspace.join("a/b/file"), "0123456789").unwrap();
        std::fs::write(workspace.join("a.b"), vec![7; 300_000]).unwrap();
        symlink("a/b", workspace.join("link")).unwrap();
    })
}

fn path(path: &str) -> GuestPath {
    GuestPath::from(path)
}

fn says_the_same() {
    let image = specimen();
    let view = DiskView::open(&image.path()).unwrap();
    let mut disk = start(File::open(image.path()).unwrap());
    let whole = disk.list(&path(""), true, 100).unwrap();
    let told: Vec<String> = whole.entries.iter().map(|entry| entry.path.to_string()).collect();
    let below = ["/a", "/a/b", "/a/b/file", "/a.b", "/link"];
    assert_eq!(told, below.map(|path| format!("/workspace{path}")));
    assert_eq!(whole.entries[4].link_target, Some(path("a/b")));
    assert!(!whole.truncated);
    let flat = disk.list(&path(""), false, 2).unwrap();
    assert_eq!((flat.entries.len(), flat.truncated), (2, true));
    assert_eq!(disk.list(&path("a/b/file"), true, 9).unwrap().entries.len(), 1);

    let mut content = Vec::new();
    let size = disk.read(&path("a.b"), 100, 250_000, |piece| content.extend_from_slice(piece));
    assert_eq!((size.unwrap(), content), (300_000, vec![7; 250_000]));
    let survey = disk.survey(100).unwrap();
    assert_eq!((survey.entries, survey.bytes), (Some(5), Some(300_010)));
    assert!(survey.is_clean && view.is_clean());
    assert_eq!(disk.survey(4).unwrap().entries, None);
}

/// What a plan is made of: a path, its kind, and a file's content by its runs.
type Plan = Vec<(String, Kind, Vec<u8>)>;

fn plan(disk: &mut Confined, image: &File, top: &str) -> Result<Plan, ConfinedError> {
    let mut plan = Plan::new();
    disk.plan(&path(top), 100, |step| {
        match step {
            Planned::Entry { path, entry } => {
                let size = usize::try_from(entry.size).unwrap();
                let content = vec![0; if entry.kind == Kind::File { size } else { 0 }];
                plan.push((String::from_utf8(path.to_vec()).unwrap(), entry.kind, content));
            }
            Planned::Run(Run { at, from, length }) => {
                let (_, _, content) = plan.last_mut().unwrap();
                let at = usize::try_from(at).unwrap();
                let into = &mut content[at..][..usize::try_from(length).unwrap()];
                image.read_exact_at(into, from).unwrap();
            }
        }
        Ok::<_, ConfinedError>(())
    })?;
    Ok(plan)
}

fn plans() {
    let sparse = |at: &[u64]| {
        let file = tempfile::tempfile().unwrap();
        at.iter().for_each(|at| file.write_all_at(b"island", *at).unwrap());
        file.set_len(3 << 20).unwrap();
        let mut content = vec![0; 3 << 20];
        file.read_exact_at(&mut content, 0).unwrap();
        content
    };
    let islands = sparse(&[9000, 1 << 20, (2 << 20) + 5]);
    let image = Image::of(|workspace| {
        std::fs::create_dir_all(workspace.join("a/.git/hooks")).unwrap();
        std::fs::write(workspace.join("a/.git/hooks/evil"), "evil").unwrap();
        std::fs::write(workspace.join("a/file"), "0123456789").unwrap();
        std::fs::hard_link(workspace.join("a/file"), workspace.join("a/hard")).unwrap();
        std::fs::write(workspace.join("a/large"), vec![7; 300_001]).unwrap();
        let file = File::create(workspace.join("a/sparse")).unwrap();
        for at in [9000, 1 << 20, (2 << 20) + 5] {
            file.write_all_at(b"island", at).unwrap();
        }
        file.set_len(3 << 20).unwrap();
        symlink("a/file", workspace.join("link")).unwrap();
    });
    let mut disk = start(File::open(image.path()).unwrap());
    let image = File::open(image.path()).unwrap();
    let file = |name: &str, content: &[u8]| (name.to_owned(), Kind::File, content.to_vec());
    let expected = [
        (".git".to_owned(), Kind::Directory, vec![]),
        file("file", b"0123456789"),
        file("hard", b"0123456789"),
        file("large", &[7; 300_001]),
        file("sparse", &islands),
    ];
    assert!(plan(&mut disk, &image, "a").unwrap() == expected);
    assert_eq!(plan(&mut disk, &image, "a/file").unwrap(), [file("", b"0123456789")]);
    let whole = plan(&mut disk, &image, "").unwrap();
    assert_eq!((whole.len(), &whole[6]), (7, &("link".to_owned(), Kind::Symlink, vec![])));
    assert_eq!(plan(&mut disk, &image, "link").unwrap()[0].1, Kind::Symlink);
    assert_eq!(plan(&mut disk, &image, "link/file").unwrap_err().code(), "path_not_found");
    let cut = disk.plan(&path(""), 3, |_| Ok::<_, ConfinedError>(()));
    assert!(cut.unwrap(), "there is more");
}

fn wrong_questions() {
    let image = specimen();
    let mut disk = start(File::open(image.path()).unwrap());
    let none = disk.list(&path("nope"), false, 9).unwrap_err();
    assert_eq!((none.code(), none.to_string().contains("nope")), ("path_not_found", true));
    assert_eq!(disk.read(&path("a"), 0, 9, |_| {}).unwrap_err().code(), "wrong_kind_of_path");
    assert_eq!(disk.read(&path("link/file"), 0, 9, |_| {}).unwrap_err().code(), "path_not_found");
    let mut beyond = 0;
    let size = disk.read(&path("a/b/file"), 10, 9, |piece| beyond += piece.len());
    assert_eq!((size.unwrap(), beyond), (10, 0));
}

fn no_disk() {
    let mut disk = start(disk_with(&[0; 4096]));
    assert_eq!(disk.survey(9).unwrap_err().code(), "disk_unsupported");
    let image = specimen();
    // the inodes of its directories are somewhere in there
    let torn = File::options().read(true).write(true).open(image.path()).unwrap();
    for block in 2..2000 {
        torn.write_all_at(&[0xff; 4096], block * 4096).unwrap();
    }
    assert_eq!(start(torn).survey(9).unwrap_err().code(), "disk_damaged");
}

fn unclean() {
    let image = specimen();
    image.debugfs("feature needs_recovery\n");
    let mut disk = start(File::open(image.path()).unwrap());
    assert!(!disk.survey(9).unwrap().is_clean);
    let refused = disk.plan(&path(""), 9, |_| Ok::<_, ConfinedError>(())).unwrap_err();
    assert_eq!(refused.code(), "disk_unsupported");
}

fn sees_nothing() {
    let seen = start(disk_with(b"LOOK")).survey(9).unwrap_err().to_string();
    let tier = jail::probe(&std::env::current_exe().unwrap()).tier;
    let expected = match tier {
        jail::Tier::Full => "passwd: NotFound; write: ",
        jail::Tier::Landlock => "passwd: PermissionDenied; write: ",
        jail::Tier::None => "",
    };
    assert!(seen.starts_with(expected), "{tier}: {seen}");
    assert!(!seen.contains("done"), "{seen}");
}

fn lies() {
    let entry = |path: &str| {
        format!(r#"{{"path":"{path}","kind":"file","size":1,"mode":420,"mtime_ns":0}}"#)
    };
    let frame = |kind: u8, json: &str| frame(kind, json.as_bytes());
    let end = frame(b'e', r#"{"entries":1,"truncated":false}"#);
    let answers = [
        vec![],
        b"x".to_vec(),
        [b"i".as_slice(), &u32::MAX.to_le_bytes()].concat(),
        [frame(b'i', &entry("../etc")), end.clone()].concat(),
        [frame(b'i', &entry("/b")), frame(b'i', &entry("/a")), end.clone()].concat(),
        [frame(b'i', &entry("/a")), frame(b'i', &entry("/b")), frame(b'i', &entry("/c"))].concat(),
        [frame(b'p', "content"), end].concat(),
        frame(b'e', "[]"),
        frame(b'r', "not a report"),
    ];
    for answer in answers {
        let mut liar = start(disk_with(&[b"LIE ", &answer[..]].concat()));
        let error = liar.list(&path(""), true, 2).unwrap_err();
        assert_eq!(error.code(), "disk_damaged", "{answer:?}: {error}");
    }
}

fn lies_of_plans() {
    let entry = |path: &str, kind: &str| {
        let json =
            format!(r#"{{"path":"{path}","kind":"{kind}","size":8192,"mode":420,"mtime_ns":0}}"#);
        frame(b'i', json.as_bytes())
    };
    let runs = |runs: &[u64]| {
        frame(b'c', &runs.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())
    };
    let file = entry("/workspace/a/f", "file");
    let answers = [
        entry("/workspace/b", "file"),
        entry("/workspace/ab", "file"),
        entry("/etc/passwd", "file"),
        entry("/workspace/a/../../etc", "file"),
        [file.clone(), file.clone()].concat(),
        runs(&[0, 0, 1]),
        [entry("/workspace/a/d", "directory"), runs(&[0, 0, 1])].concat(),
        [file.clone(), runs(&[0, 1 << 40, 4096])].concat(),
        [file.clone(), runs(&[0, u64::MAX - 4095, 4096])].concat(),
        [file.clone(), runs(&[0, 0, 8193])].concat(),
        [file.clone(), runs(&[4096, 0, 1, 0, 0, 1])].concat(),
        [file.clone(), runs(&[0, 0])].concat(),
        [file.clone(), frame(b'p', b"content")].concat(),
        file,
    ];
    for answer in answers {
        let mut liar = start(disk_with(&[b"LIE ", &answer[..]].concat()));
        let error = liar.plan(&path("a"), 9, |_| Ok::<_, ConfinedError>(())).unwrap_err();
        assert_eq!(error.code(), "disk_damaged", "{answer:?}: {error}");
    }
}

fn frame(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_le_bytes();
    [&[kind], &length[..], content].concat()
}

/// The role: as in the executable, unless the disk says otherwise.
fn read_or_lie() -> ExitCode {
    let mut head = [0; 4];
    let mut disk = std::io::stdin();
    let is_told = disk.read_exact(&mut head).is_ok();
    match &head {
        b"LIE " if is_told => {
            let mut answer = Vec::new();
            disk.read_to_end(&mut answer).unwrap();
            std::io::stdout().write_all(&answer).unwrap();
        }
        b"LOOK" if is_told => {
            let kind = |done: std::io::Result<()>| match done {
                Ok(()) => "done".to_owned(),
                Err(error) => format!("{:?}", error.kind()),
            };
            let passwd = kind(std::fs::read("/etc/passwd").map(drop));
            let write = kind(std::fs::write("/tmp/written", "x"));
            let network = kind(std::net::TcpListener::bind("127.0.0.1:0").map(drop));
            let report = format!(
                r#"{{"kind":"guest","code":"disk_damaged","message":"passwd: {passwd}; write: {write}; network: {network}","hints":[]}}"#
            );
            let length = u32::try_from(report.len()).unwrap().to_le_bytes();
            let answer = [b"r", &length[..], report.as_bytes()].concat();
            std::io::stdout().write_all(&answer).unwrap();
            std::io::stdout().flush().unwrap();
        }
        _ => return confined::main(),
    }
    ExitCode::SUCCESS
}
