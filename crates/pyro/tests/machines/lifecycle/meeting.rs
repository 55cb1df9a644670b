//! How a front end and a shim find each other, and when they must not.

use crate::host::{Host, command, config, machine, trial};
use libtest_mimic::Trial;
use pyro::machine::{BackendSpec, MachineSpec};
use pyro::shim::protocol::{Assignment, Tenure};
use pyro::shim::{Client, MachineDirectory, launch, sweep};
use pyro::vm::Output;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_home_longer_than_a_sockets_path_is_no_obstacle", a_long_home),
        trial("a_shim_of_another_version_refuses", another_version),
    ]
}

async fn a_long_home() {
    let mut host = Host::new();
    let home = host.home().join("h".repeat(200)).join("o".repeat(200));
    std::fs::create_dir_all(&home).unwrap();
    host.config = config(&home);
    let vm = host.start(&machine()).await.unwrap();
    let directory = host.machines().join(&vm.facts().vm_id);
    let second = Client::connect(MachineDirectory::existing(directory.clone())).unwrap();
    second.ready().await.unwrap();
    let mut execution = vm.exec(command("echo here")).await.unwrap();
    assert_eq!(execution.next().await.unwrap(), Output::Stdout("here\n".into()));
    drop((execution, second));
    vm.delete().await.unwrap();
    assert!(!directory.exists());
}

async fn another_version() {
    let host = Host::new();
    let id = "vm-of-yesterday";
    let (directory, lock) = MachineDirectory::create(&host.machines(), id).unwrap();
    let assignment = Assignment {
        pyro: "4.9.9".into(),
        machine: MachineSpec {
            id: id.into(),
            vcpu_count: 1,
            mem_mib: 128,
            backend: BackendSpec::Process,
        },
        network: None,
        tenure: Tenure::Leased,
        ttl_seconds: 60,
        cache: host.config.paths.cache().to_owned(),
        boot_deadlines: host.config.boot_deadlines,
        ca_bundle: None,
    };
    let shim = launch(&host.config.executable, &directory, lock, &assignment).unwrap();
    let error = shim.ready().await.unwrap_err();
    assert_eq!(error.code(), "shim_lost");
    assert!(error.to_string().contains("the library that uses it 4.9.9"), "{error}");
    assert_eq!(sweep(&host.machines()).unwrap(), [id]);
}
