//! Users and groups of the guest, read from its own `/etc/passwd` and `/etc/group` (`passwd(5)`,
//! `group(5)`): the agent must not depend on the image's libc to know them.

use crate::sys::Identity;
use pyro_proto::{Refusal, RefusalCode};
use rustix::process::{Gid, Uid};
use std::io::{self, Read};
use std::path::Path;

/// More than any account file holds.
const MAX_FILE: u64 = 16 << 20;

/// Who a command runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(super) name: String,
    pub(super) home: String,
    /// None: as the agent itself.
    pub(crate) identity: Option<Identity>,
}

/// The guest's account files.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    passwd: String,
    group: String,
}

impl Accounts {
    /// Reads them; a guest without such files has no names.
    pub(super) fn read(etc: &Path) -> io::Result<Self> {
        Ok(Self { passwd: bounded(&etc.join("passwd"))?, group: bounded(&etc.join("group"))? })
    }

    /// Who `user` is: `name`, `name:group`, `uid` or `uid:gid`. A number needs no entry; its
    /// group is then 0, as container engines have it.
    ///
    /// # Errors
    /// [`RefusalCode::NotFound`] naming the user or group that does not exist.
    pub(super) fn find(&self, user: &str) -> Result<Account, Refusal> {
        let (user, group) = user.split_once(':').map_or((user, None), |(u, g)| (u, Some(g)));
        let entry = self.user(user);
        let number = user.parse().ok();
        let Some(uid) = entry.as_ref().map(|e| e.uid).or(number).filter(|n| *n != u32::MAX) else {
            return Err(unknown("user", user));
        };
        let gid = match group {
            Some(group) => self.gid(group).ok_or_else(|| unknown("group", group))?,
            None => entry.as_ref().map_or(0, |e| e.gid),
        };
        let mut groups = vec![Gid::from_raw(gid)];
        if let (Some(entry), None) = (&entry, group) {
            groups.extend(self.memberships(entry.name).filter(|g| *g != gid).map(Gid::from_raw));
        }
        let identity = Identity { user: Uid::from_raw(uid), group: Gid::from_raw(gid), groups };
        Ok(Account {
            name: entry.as_ref().map_or(user, |e| e.name).to_owned(),
            home: entry.as_ref().map_or("/", |e| e.home).to_owned(),
            identity: Some(identity),
        })
    }

    fn user(&self, wanted: &str) -> Option<User<'_>> {
        let users = || self.passwd.lines().filter_map(User::parse);
        let number = wanted.parse();
        users()
            .find(|u| u.name == wanted)
            .or_else(|| users().find(|u| number.as_ref() == Ok(&u.uid)))
    }

    fn gid(&self, wanted: &str) -> Option<u32> {
        let by_name = self.groups().find(|(name, ..)| *name == wanted).map(|(_, gid, _)| gid);
        by_name.or_else(|| wanted.parse().ok()).filter(|gid| *gid != u32::MAX)
    }

    fn memberships<'a>(&'a self, user: &'a str) -> impl Iterator<Item = u32> + 'a {
        let of = move |members: &str| members.split(',').any(|member| member == user);
        self.groups().filter(move |(.., members)| of(members)).map(|(_, gid, _)| gid)
    }

    /// Name, number and members of each group.
    fn groups(&self) -> impl Iterator<Item = (&str, u32, &str)> {
        self.group.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let (name, _password) = (fields.next()?, fields.next()?);
            Some((name, fields.next()?.parse().ok()?, fields.next()?))
        })
    }
}

/// One line of `/etc/passwd`.
#[derive(Debug)]
struct User<'a> {
    name: &'a str,
    uid: u32,
    gid: u32,
    home: &'a str,
}

impl<'a> User<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.split(':');
        let (name, _password) = (fields.next()?, fields.next()?);
        let (uid, gid) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        let (_comment, home) = (fields.next()?, fields.next()?);
        Some(Self { name, uid, gid, home })
    }
}

fn bounded(path: &Path) -> io::Result<String> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(MAX_FILE).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn unknown(what: &str, name: &str) -> Refusal {
    Refusal::new(RefusalCode::NotFound, format!("the guest has no {what} {name:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts() -> Accounts {
        Accounts {
            passwd: "root:x:0:0:root:/root:/bin/bash\nbroken\n1:x:77:7::/odd:\n\
                     ann:x:1000:1000:Ann,,,:/home/ann:/bin/zsh\n"
                .into(),
            group: "root:x:0:\nann:x:1000:\ndocker:x:999:bob,ann\nsudo:x:27:anna\n".into(),
        }
    }

    fn ids(spec: &str) -> (u32, u32, Vec<u32>) {
        let identity = accounts().find(spec).unwrap().identity.unwrap();
        let groups = identity.groups.iter().map(|g| g.as_raw()).collect();
        (identity.user.as_raw(), identity.group.as_raw(), groups)
    }

    #[test]
    fn every_form_of_a_user_is_understood() {
        assert_eq!(ids("ann"), (1000, 1000, vec![1000, 999]));
        assert_eq!(ids("1000"), (1000, 1000, vec![1000, 999]));
        assert_eq!(ids("ann:docker"), (1000, 999, vec![999]));
        assert_eq!(ids("4711"), (4711, 0, vec![0]));
        assert_eq!(ids("4711:4712"), (4711, 4712, vec![4712]));
        assert_eq!(ids("1"), (77, 7, vec![7])); // a name goes before a number
        assert_eq!(accounts().find("ann").unwrap().home, "/home/ann");
        assert_eq!(accounts().find("4711").unwrap().home, "/");
    }

    #[test]
    fn what_does_not_exist_is_named() {
        for (spec, word) in
            [("bob", "bob"), ("ann:nobody", "nobody"), ("", ""), ("4294967295", "4294967295")]
        {
            let refusal = accounts().find(spec).unwrap_err();
            assert_eq!(refusal.code, RefusalCode::NotFound);
            assert!(refusal.message.contains(&format!("{word:?}")), "{refusal}");
        }
    }
}
