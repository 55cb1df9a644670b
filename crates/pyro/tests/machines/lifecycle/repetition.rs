//! Many machines one after the other and at once: nothing grows.

use crate::host::processes::{own_memory, shim};
use crate::host::{Host, machine, trial};
use libtest_mimic::Trial;
use std::time::Duration;

/// The most memory of its own that an idle shim may have, in KiB. What it has resident in all, most of it pages of the
/// executable, which is not optimised here, a scenario looks at.
const SHIM: u64 = 4 << 10;
/// The most that 200 runs may leave in this process, in KiB.
const GROWTH: u64 = 2 << 10;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("an_idle_shim_is_small", an_idle_shim),
        trial("two_hundred_runs_leave_no_trace", two_hundred_runs),
        trial("fifty_machines_at_once", fifty_at_once),
    ]
}

async fn an_idle_shim() {
    let host = Host::new();
    let vm = host.start(&machine()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let shim = shim().unwrap();
    let of = |field| shim.memory(field).unwrap();
    let (resident, private) = (of("VmRSS"), of("RssAnon"));
    println!("an idle shim has {resident} KiB resident, {private} KiB of them private");
    assert!(private <= SHIM, "{private} KiB");
    vm.delete().await.unwrap();
    host.assert_clean().await;
}

async fn two_hundred_runs() {
    let host = Host::new();
    let mut warm = 0;
    for run in 0..200 {
        if run == 20 {
            warm = own_memory("VmRSS");
        }
        assert_eq!(host.run(machine(), "echo x").await.unwrap().stdout, "x\n");
    }
    let growth = own_memory("VmRSS").saturating_sub(warm);
    println!("180 runs grew this process by {growth} KiB");
    assert!(growth < GROWTH, "{growth} KiB");
    host.assert_clean().await;
}

async fn fifty_at_once() {
    let host = Host::new();
    let runs = (0..50).map(|n| {
        let host = &host;
        async move {
            let result = host.run(machine(), &format!("echo {n}")).await.unwrap();
            assert_eq!(result.stdout, format!("{n}\n"));
            result.vm_id
        }
    });
    let mut ids = join_all(runs).await;
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 50);
    host.assert_clean().await;
}

async fn join_all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = futures.map(Box::pin).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|cx| {
        waiting.retain_mut(|future| match future.as_mut().poll(cx) {
            std::task::Poll::Ready(value) => {
                done.push(value);
                false
            }
            std::task::Poll::Pending => true,
        });
        if waiting.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done
}
