//! Where packets go that have no better way: to this machine itself, where [`steer`](super::steer) gives
//! connections to the agent. The routes are in a table of their own, asked after all others, and for
//! nothing but TCP and questions to name servers; so everything else fails at once for want of a way.

use super::net::Net;
use super::netlink::{Message, tell_routing};
use super::{ADDRESS, PRIVATE};
use std::io;

/// The table, and its two rules, which come after those of the kernel's own tables (32766, 32767).
const TABLE: u32 = 100;
const RULES: [u32; 2] = [32800, 32801];

// linux/rtnetlink.h, linux/fib_rules.h, linux/if_addr.h
const RTM_NEWADDR: u16 = 20;
const RTM_NEWROUTE: u16 = 24;
const RTM_NEWRULE: u16 = 32;
const AF_INET: u8 = 2;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_PREFSRC: u16 = 7;
const RTPROT_STATIC: u8 = 4;
const RT_SCOPE_HOST: u8 = 254;
const RTN_LOCAL: u8 = 2;
const RTN_PROHIBIT: u8 = 8;
const FRA_PRIORITY: u16 = 6;
const FRA_TABLE: u16 = 15;
const FRA_IP_PROTO: u16 = 22;
const FRA_DPORT_RANGE: u16 = 24;
const FR_ACT_TO_TBL: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
/// The loopback interface is always the first.
const LO: u32 = 1;

/// Makes them. Of the private ranges only `reachable` is: the rest belongs to whatever the guest builds for
/// itself, such as containers, and where that has no way either, connecting fails as not permitted.
pub(super) fn establish(reachable: &[Net]) -> io::Result<()> {
    tell_routing(messages(reachable))
}

fn messages(reachable: &[Net]) -> Vec<Message> {
    let mut messages = vec![own_address(), local(None)];
    for private in PRIVATE {
        if reachable.iter().any(|net| net.contains(private)) {
            continue;
        }
        messages.push(prohibited(private));
        messages.extend(
            reachable.iter().filter(|net| private.contains(**net)).map(|net| local(Some(*net))),
        );
    }
    let [for_tcp, for_names] = RULES;
    messages.push(rule(for_tcp, TCP));
    let port: Vec<u8> = [53u16.to_ne_bytes(), 53u16.to_ne_bytes()].concat();
    messages.push(rule(for_names, UDP).with(FRA_DPORT_RANGE, &port));
    messages
}

fn own_address() -> Message {
    let body = [&[AF_INET, 32, 0, 0][..], &LO.to_ne_bytes()].concat();
    Message::new(RTM_NEWADDR, &body)
        .with(IFA_LOCAL, &ADDRESS.octets())
        .with(IFA_ADDRESS, &ADDRESS.octets())
}

/// What is for this machine. Without a source of its own a connection would come from the very address
/// that it goes to.
fn local(net: Option<Net>) -> Message {
    route(net, RT_SCOPE_HOST, RTN_LOCAL)
        .with(RTA_OIF, &LO.to_ne_bytes())
        .with(RTA_PREFSRC, &ADDRESS.octets())
}

fn prohibited(net: Net) -> Message {
    route(Some(net), 0, RTN_PROHIBIT)
}

/// `struct rtmsg`.
fn route(net: Option<Net>, scope: u8, kind: u8) -> Message {
    let bits = net.map_or(0, Net::bits);
    let table = TABLE.to_ne_bytes()[0];
    let body = [AF_INET, bits, 0, 0, table, RTPROT_STATIC, scope, kind, 0, 0, 0, 0];
    let message = Message::new(RTM_NEWROUTE, &body);
    match net {
        Some(net) if bits > 0 => message.with(RTA_DST, &net.first().octets()),
        _ => message,
    }
}

/// `struct fib_rule_hdr`.
fn rule(priority: u32, protocol: u8) -> Message {
    let table = TABLE.to_ne_bytes()[0];
    Message::new(RTM_NEWRULE, &[AF_INET, 0, 0, 0, table, 0, 0, FR_ACT_TO_TBL, 0, 0, 0, 0])
        .with(FRA_PRIORITY, &priority.to_ne_bytes())
        .with(FRA_TABLE, &TABLE.to_ne_bytes())
        .with(FRA_IP_PROTO, &[protocol])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_range_is_prohibited_unless_all_of_it_is_reachable() {
        let count = |nets: &[&str]| {
            let nets: Vec<Net> = nets.iter().map(|net| net.parse().unwrap()).collect();
            messages(&nets).len()
        };
        let usual = count(&[]);
        assert_eq!(count(&["10.0.0.0/8"]), usual - 1);
        assert_eq!(count(&["0.0.0.0/0"]), usual - 3);
        assert_eq!(count(&["10.1.0.0/16"]), usual + 1);
        assert_eq!(count(&["203.0.113.0/24"]), usual);
    }
}
