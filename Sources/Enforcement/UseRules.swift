import Grants
import Netfilter

/// The rules that log the sources of admitted connections, once each, when the peer has completed
/// it.
///
/// A first packet proves nothing, since anybody can send a SYN with another's source address. The
/// proof is an ACK to our SYN-ACK: conntrack compares its number with the one that we sent, and
/// then marks the connection as assured. For UDP the proof is a datagram after one of ours. The
/// label `arrived` excludes connections that no opening admitted: an older session, and one that
/// conntrack picks up in its midst after a flush.
///
/// Packets that conntrack does not track (notrack, the handshake of synproxy) are logged at a low
/// rate; a socket must then prove their connection.
extension FirewallPolicy {
    private static let assured: [UInt8] = native(UInt32(1 << 2))  // IPS_ASSURED
    // NF_CT_STATE_BIT(IP_CT_NEW), NF_CT_STATE_INVALID_BIT, NF_CT_STATE_UNTRACKED_BIT
    private static let (new, invalid, untracked) = (UInt32(1 << 3), UInt32(1), UInt32(1 << 6))
    private static let established = UInt32(1 << 1)  // of IP_CT_ESTABLISHED

    /// The denied packets a second that reach the agent: more than get records of their own, so
    /// that it can report the sources of the others.
    var deniedLogRate: Int { max(deniedPerSecond, min(deniedPerSecond * 10, 500)) }

    /// Logs admitted connections; a connection that is already logged leaves at the first rule.
    var useLogging: [[Expression]] {
        [
            Self.isState(Self.established) + ConnectionLabel.completed.isSet
                + [.verdict(.accept)],
            // Under a foreign address: a socket has to prove it, as where conntrack sees no more of
            // it, so that a connection behind synproxy counts once.
            Test.goesToLoopback + Test.beginsHandshake + logs(GateNames.untrackedPrefix)
                + [.verdict(.accept)],
            Test.beginsHandshake + Self.isState(Self.new) + ConnectionLabel.arrived.set,
            Test.udp + Self.isState(Self.new) + ConnectionLabel.arrived.set,
            Test.tcp + Self.isAssured + logsCompletion,
            Test.udp + logsCompletion,
            Test.acknowledges + Self.isState(Self.untracked) + logs(GateNames.untrackedPrefix),
            Test.acknowledges + Self.isState(Self.invalid) + logs(GateNames.invalidPrefix),
            Test.udp + Self.isState(Self.untracked)
                + logs(GateNames.untrackedPrefix),
        ]
    }

    /// Logs a completed connection; beyond the rate it sets no label, so that a later packet is
    /// logged.
    private var logsCompletion: [Expression] {
        Self.isState(Self.established) + ConnectionLabel.arrived.isOn(without: .completed) + [
            .limit(perSecond: 1000, burst: 2000),
            .log(group: logGroup, prefix: GateNames.usedPrefix),
        ] + ConnectionLabel.completed.set
    }

    private func logs(_ prefix: String) -> [Expression] {
        [.limit(perSecond: 20, burst: 40), .log(group: logGroup, prefix: prefix)]
    }

    private static func isState(_ bit: UInt32) -> [Expression] {
        [.tracking(.state, into: 1), .mask(1, native(bit)), .unequal(1, [0, 0, 0, 0])]
    }

    private static var isAssured: [Expression] {
        [.tracking(.status, into: 1), .mask(1, assured), .unequal(1, [0, 0, 0, 0])]
    }
}
