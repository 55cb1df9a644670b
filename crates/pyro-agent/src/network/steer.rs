//! Gives every connection that leaves this machine to one socket of the agent, and every question to a name
//! server to another: a BPF program that the kernel asks before it looks for a listener
//! (`BPF_PROG_TYPE_SK_LOOKUP`, Linux 5.9). Nothing is translated, so the socket's own address is where the
//! client wanted to go, and nothing in the guest can be in the way: no firewall, no module, no listener.
//!
//! The program passes by, in this order: all but IPv4; the machine's own address, except name service;
//! loopback; private ranges that are not `reachable`, see [`routes`](super::routes).

use super::net::Net;
use super::sys;
use super::{ADDRESS, LOOPBACK, PRIVATE};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// What steers. Dropping it ends that.
#[derive(Debug)]
pub(super) struct Steering {
    _link: OwnedFd,
}

/// Steers from now on.
pub(super) fn steer(
    connections: BorrowedFd<'_>,
    questions: BorrowedFd<'_>,
    reachable: &[Net],
) -> io::Result<Steering> {
    let sockets = sys::socket_map([connections, questions])?;
    let program = sys::load_lookup(&program(reachable, sockets.as_raw_fd()))?;
    let namespace = File::open("/proc/self/ns/net")?;
    let link = sys::attach_lookup(program.as_fd(), namespace.as_fd())?;
    Ok(Steering { _link: link })
}

/// One instruction: opcode, registers, offset, immediate value (`struct bpf_insn`).
pub(super) type Instruction = [u8; 8];

// opcodes of linux/bpf.h and linux/bpf_common.h
const LOAD_WORD: u8 = 0x61;
const STORE_WORD: u8 = 0x63;
const LOAD_MAP: u8 = 0x18;
const MOVE: u8 = 0xbf;
const MOVE_32: u8 = 0xbc;
const SET: u8 = 0xb7;
const ADD: u8 = 0x07;
const SHIFT_RIGHT_32: u8 = 0x74;
const TO_BIG_ENDIAN: u8 = 0xdc;
const JUMP: u8 = 0x05;
const JUMP_IF_NOT: u8 = 0x55;
/// The 64-bit comparison would extend the sign of the immediate value.
const JUMP_IF_32: u8 = 0x16;
const JUMP_IF_NOT_32: u8 = 0x56;
const CALL: u8 = 0x85;
const EXIT: u8 = 0x95;

// helpers
const MAP_LOOKUP: u32 = 1;
const SK_RELEASE: u32 = 86;
const SK_ASSIGN: u32 = 124;
// verdicts
const DROP: u32 = 0;
const PASS: u32 = 1;
// struct bpf_sk_lookup
const FAMILY: i16 = 8;
const PROTOCOL: i16 = 12;
const LOCAL_IP4: i16 = 40;
const LOCAL_PORT: i16 = 60;

const AF_INET: u32 = 2;
const TCP: u32 = 6;
const NAME_SERVICE: u32 = 53;
/// Keys of the socket map.
const CONNECTIONS: u32 = 0;
const QUESTIONS: u32 = 1;

// what the registers hold
const RESULT: u8 = 0;
const SCRATCH: u8 = 2;
const DESTINATION: u8 = 3;
const KEY: u8 = 4;
const PORT: u8 = 5;
const CONTEXT: u8 = 6;
const SOCKET: u8 = 7;
const FRAME: u8 = 10;

/// Where a jump leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum To {
    Questions,
    Judge,
    Elsewhere,
    Assign,
    Pass,
}

/// The program while it is written: jumps are filled in at the end.
#[derive(Debug, Default)]
struct Writer {
    instructions: Vec<Instruction>,
    jumps: Vec<(usize, To)>,
    places: Vec<(To, usize)>,
}

impl Writer {
    fn put(&mut self, code: u8, to: u8, from: u8, offset: i16, value: u32) {
        let registers = to | from << 4;
        let [low, high] = offset.to_ne_bytes();
        let [a, b, c, d] = value.to_ne_bytes();
        self.instructions.push([code, registers, low, high, a, b, c, d]);
    }

    fn jump(&mut self, code: u8, register: u8, value: u32, to: To) {
        self.jumps.push((self.instructions.len(), to));
        self.put(code, register, 0, 0, value);
    }

    fn place(&mut self, here: To) {
        self.places.push((here, self.instructions.len()));
    }

    /// Jumps if the destination lies in `net`, which is not everything.
    fn jump_if_in(&mut self, net: Net, to: To) {
        let bits = u32::from(net.bits());
        self.put(MOVE_32, SCRATCH, DESTINATION, 0, 0);
        if bits < 32 {
            self.put(SHIFT_RIGHT_32, SCRATCH, 0, 0, 32 - bits);
        }
        let beginning = u32::from(net.first()).checked_shr(32 - bits).unwrap_or(0);
        self.jump(JUMP_IF_32, SCRATCH, beginning, to);
    }

    fn finished(mut self) -> Vec<Instruction> {
        for (at, to) in &self.jumps {
            let Some((_, place)) = self.places.iter().find(|(place, _)| place == to) else {
                continue;
            };
            // a jump counts from the instruction behind it, and none here leads back
            let distance = i16::try_from(place.saturating_sub(at + 1)).unwrap_or(i16::MAX);
            if let Some([_, _, low, high, ..]) = self.instructions.get_mut(*at) {
                [*low, *high] = distance.to_ne_bytes();
            }
        }
        self.instructions
    }
}

fn program(reachable: &[Net], sockets: i32) -> Vec<Instruction> {
    let mut program = Writer::default();
    program.put(MOVE, CONTEXT, 1, 0, 0);
    program.put(LOAD_WORD, SCRATCH, CONTEXT, FAMILY, 0);
    program.jump(JUMP_IF_NOT, SCRATCH, AF_INET, To::Pass);
    program.put(LOAD_WORD, PORT, CONTEXT, LOCAL_PORT, 0);
    program.put(LOAD_WORD, DESTINATION, CONTEXT, LOCAL_IP4, 0);
    program.put(TO_BIG_ENDIAN, DESTINATION, 0, 0, 32);
    program.put(LOAD_WORD, SCRATCH, CONTEXT, PROTOCOL, 0);
    program.jump(JUMP_IF_NOT, SCRATCH, TCP, To::Questions);
    program.put(SET, KEY, 0, 0, CONNECTIONS);
    program.jump(JUMP, 0, 0, To::Judge);
    program.place(To::Questions);
    program.jump(JUMP_IF_NOT, PORT, NAME_SERVICE, To::Pass);
    program.put(SET, KEY, 0, 0, QUESTIONS);
    program.place(To::Judge);
    judge(&mut program, reachable);
    program.place(To::Assign);
    assign(&mut program, sockets);
    program.place(To::Pass);
    program.put(SET, RESULT, 0, 0, PASS);
    program.put(EXIT, 0, 0, 0, 0);
    program.finished()
}

/// Falls through where the agent is to have it.
fn judge(program: &mut Writer, reachable: &[Net]) {
    program.jump(JUMP_IF_NOT_32, DESTINATION, u32::from(ADDRESS), To::Elsewhere);
    program.jump(JUMP_IF_NOT, PORT, NAME_SERVICE, To::Pass);
    program.jump(JUMP, 0, 0, To::Assign);
    program.place(To::Elsewhere);
    program.jump_if_in(LOOPBACK, To::Pass);
    for net in reachable {
        if net.bits() == 0 {
            // whatever followed could not be reached, which the kernel does not load
            return;
        }
        program.jump_if_in(*net, To::Assign);
    }
    for net in PRIVATE {
        program.jump_if_in(net, To::Pass);
    }
}

/// Assigns the socket under the key; where there is none, nobody gets the packet.
fn assign(program: &mut Writer, sockets: i32) {
    program.put(STORE_WORD, FRAME, KEY, -4, 0);
    // 1: BPF_PSEUDO_MAP_FD
    program.put(LOAD_MAP, 1, 1, 0, sockets.cast_unsigned());
    program.put(0, 0, 0, 0, 0);
    program.put(MOVE, 2, FRAME, 0, 0);
    program.put(ADD, 2, 0, 0, (-4i32).cast_unsigned());
    program.put(CALL, 0, 0, 0, MAP_LOOKUP);
    program.put(JUMP_IF_NOT, RESULT, 0, 2, 0);
    program.put(SET, RESULT, 0, 0, DROP);
    program.put(EXIT, 0, 0, 0, 0);
    program.put(MOVE, SOCKET, RESULT, 0, 0);
    program.put(MOVE, 1, CONTEXT, 0, 0);
    program.put(MOVE, 2, SOCKET, 0, 0);
    program.put(SET, 3, 0, 0, 0);
    program.put(CALL, 0, 0, 0, SK_ASSIGN);
    program.put(MOVE, 1, SOCKET, 0, 0);
    program.put(CALL, 0, 0, 0, SK_RELEASE);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    /// What the program decides about a packet: the few instructions that it has, carried out.
    fn decided(reachable: &[&str], protocol: u32, to: &str, port: u32) -> &'static str {
        let reachable: Vec<Net> = reachable.iter().map(|net| net.parse().unwrap()).collect();
        let program = program(&reachable, 0);
        let to = u32::from(to.parse::<Ipv4Addr>().unwrap()).to_be();
        let mut registers = [0u64; 11];
        let mut at = 0;
        loop {
            let [code, operands, low, high, a, b, c, d] = program[at];
            let (into, from) = (usize::from(operands & 15), usize::from(operands >> 4));
            let offset = i16::from_ne_bytes([low, high]);
            let value = u32::from_ne_bytes([a, b, c, d]);
            let wide = u64::from(value);
            at += 1;
            let mut jump_if =
                |yes: bool| at += if yes { usize::try_from(offset).unwrap() } else { 0 };
            let narrow = u32::try_from(registers[into] & 0xffff_ffff).unwrap();
            match code {
                LOAD_WORD => {
                    let loaded = match offset {
                        FAMILY => AF_INET,
                        PROTOCOL => protocol,
                        LOCAL_IP4 => to,
                        LOCAL_PORT => port,
                        other => panic!("nothing of use at {other}"),
                    };
                    registers[into] = u64::from(loaded);
                }
                MOVE => registers[into] = registers[from],
                MOVE_32 => registers[into] = registers[from] & 0xffff_ffff,
                SET => registers[into] = wide,
                SHIFT_RIGHT_32 => registers[into] = u64::from(narrow >> value),
                TO_BIG_ENDIAN => registers[into] = u64::from(narrow.to_be()),
                JUMP => jump_if(true),
                JUMP_IF_NOT => jump_if(registers[into] != wide),
                JUMP_IF_32 => jump_if(narrow == value),
                JUMP_IF_NOT_32 => jump_if(narrow != value),
                STORE_WORD if registers[usize::from(KEY)] == 0 => return "connection",
                STORE_WORD => return "question",
                EXIT => return "passed",
                other => panic!("the instruction {other:#x}"),
            }
        }
    }

    #[test]
    fn what_leaves_the_machine_is_steered_and_what_stays_is_not() {
        let (tcp, udp) = (6, 17);
        for (to, port, expected) in [
            ("203.0.113.7", 443, "connection"),
            ("198.18.1.0", 80, "connection"),
            ("169.254.169.254", 80, "connection"),
            ("127.0.0.1", 80, "passed"),
            ("127.9.9.9", 53, "passed"),
            ("198.18.0.1", 80, "passed"),
            ("198.18.0.1", 53, "connection"),
            ("10.0.0.1", 80, "passed"),
            ("172.31.0.1", 80, "passed"),
            ("172.32.0.1", 80, "connection"),
            ("192.168.0.1", 80, "passed"),
        ] {
            assert_eq!(decided(&[], tcp, to, port), expected, "{to}:{port}");
        }
        assert_eq!(decided(&[], udp, "198.18.0.1", 53), "question");
        assert_eq!(decided(&[], udp, "8.8.8.8", 53), "question");
        assert_eq!(decided(&[], udp, "8.8.8.8", 443), "passed");
        assert_eq!(decided(&[], udp, "127.0.0.53", 53), "passed");
    }

    #[test]
    fn a_reachable_private_range_is_steered_too_but_loopback_never() {
        let nets = &["10.1.0.0/16", "127.0.0.0/8", "192.168.7.7/32"];
        assert_eq!(decided(nets, 6, "10.1.2.3", 80), "connection");
        assert_eq!(decided(nets, 6, "10.2.2.3", 80), "passed");
        assert_eq!(decided(nets, 6, "192.168.7.7", 80), "connection");
        assert_eq!(decided(nets, 6, "192.168.7.8", 80), "passed");
        assert_eq!(decided(nets, 6, "127.0.0.1", 80), "passed");
        assert_eq!(decided(&["0.0.0.0/0"], 6, "10.2.2.3", 80), "connection");
        assert_eq!(decided(&["0.0.0.0/0"], 6, "127.0.0.1", 80), "passed");
    }
}
