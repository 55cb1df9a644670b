//! The workspace that a user means: by its id, its name, or a beginning of either that no other has.

use super::record::{VERSION, WorkspaceRecord};
use super::{WorkspaceError, workspaces};
use crate::config::Config;
use crate::error::Result;
use crate::store::{Item, StoreError};

/// Finds it.
pub(super) fn find(config: &Config, wanted: &str) -> Result<Item> {
    let named: Vec<(Item, Option<String>)> = workspaces(config)
        .all()?
        .into_iter()
        .map(|item| {
            // a damaged record has no name, but an id
            let name = item.read::<WorkspaceRecord>().ok().and_then(|record| record.name);
            (item, name)
        })
        .collect();
    let is = |(item, name): &&(Item, Option<String>)| {
        item.id() == wanted || name.as_deref() == Some(wanted)
    };
    if let Some((item, _)) = named.iter().find(is) {
        return Ok(item.clone());
    }
    let begins = |(item, name): &&(Item, Option<String>)| {
        item.id().starts_with(wanted) || name.as_ref().is_some_and(|name| name.starts_with(wanted))
    };
    let found: Vec<_> = named.iter().filter(|_| !wanted.is_empty()).filter(begins).collect();
    let (noun, wanted) = ("workspace", wanted.to_owned());
    match &found[..] {
        [] => Err(StoreError::NotFound { noun, wanted }.into()),
        [(item, _)] => Ok(item.clone()),
        several => {
            let matches = several
                .iter()
                .map(|(item, name)| name.clone().unwrap_or_else(|| item.id().to_owned()))
                .collect();
            Err(StoreError::Ambiguous { noun, wanted, matches }.into())
        }
    }
}

/// Refuses a name that another workspace has. The caller keeps others from taking it meanwhile.
pub(super) fn check_free(config: &Config, name: &str, own: &str) -> Result<()> {
    for item in workspaces(config).all()?.into_iter().filter(|item| item.id() != own) {
        let taken = item.id() == name
            || item
                .read::<WorkspaceRecord>()
                .is_ok_and(|record| record.name.as_deref() == Some(name));
        if taken {
            let workspace_id = item.id().to_owned();
            return Err(WorkspaceError::NameTaken { workspace_id, name: name.to_owned() }.into());
        }
    }
    Ok(())
}

/// The record of a workspace, which this pyro understands.
pub(super) fn record_of(item: &Item) -> Result<WorkspaceRecord> {
    if item.version()? > VERSION {
        return Err(WorkspaceError::Newer { workspace_id: item.id().to_owned() }.into());
    }
    Ok(item.read()?)
}
