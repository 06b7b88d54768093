package import Grants
import Netfilter

/// The rules of the gate, from its shape and the prefix lengths in use.
extension GateShape {
    /// Mangle: after connection tracking (-200), before a container engine's DNAT (-100).
    static let preroutingHook = Hook(.prerouting, priority: -150)
    /// Before the filters of other tools (0).
    static let inputHook = Hook(.input, priority: -10)

    private static let loopbackType: [UInt8] = Self.native(UInt16(772))  // ARPHRD_LOOPBACK
    private static let unicast: [UInt8] = Self.native(UInt32(1))  // RTN_UNICAST
    private static let destinationRewritten: [UInt8] = Self.native(UInt32(1 << 5))  // IPS_DST_NAT
    // NF_CT_STATE_BIT(IP_CT_NEW)
    private static let newConnection: [UInt8] = Self.native(UInt32(1 << 3))
    // The same of IP_CT_ESTABLISHED and IP_CT_RELATED
    private static let knownConnection: [UInt8] = Self.native(UInt32(1 << 1 | 1 << 2))

    /// A number as the kernel loads it into a register: in the machine's own order.
    static func native<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        let bytes = (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        return Number(1).littleEndian == 1 ? bytes : bytes.reversed()
    }

    private static let loopbackPasses: [Expression] = [
        .meta(.interfaceType, into: 1), .equal(1, loopbackType), .verdict(.accept),
    ]

    private static let protectedGoToGate: [Expression] = [
        .meta(.transportProtocol, into: 1),
        .payload(.transport, offset: 2, count: 2, into: 9),
        .lookup(1, set: GateNames.protected),
        .verdict(.jump(GateNames.gate)),
    ]

    /// What is addressed to this host, in any way but by being routed through it.
    static var prerouting: [[Expression]] {
        [
            loopbackPasses,
            [.destinationKind(into: 1), .unequal(1, unicast)] + protectedGoToGate,
        ]
    }

    /// What was rewritten on its way; all else went through the gate before, and is counted once.
    static var input: [[Expression]] {
        let zero: [UInt8] = [0, 0, 0, 0]
        let wasRewritten: [Expression] = [
            .tracking(.status, into: 1), .mask(1, destinationRewritten), .unequal(1, zero),
        ]
        return [loopbackPasses, wasRewritten + protectedGoToGate]
    }

    /// What may pass by trust, by an opening or by having been let in before; then the refusal.
    func gate(_ sources: [SourceSet]) -> [[Expression]] {
        let isLabelling = keepsExisting && !denies
        var rules = isLabelling ? [ConnectionLabel.existing.set] : []
        rules += trusted.map(Self.accepting)
        rules += sources.map { $0.lookup + [.verdict(.goTo(GateNames.admit))] }
        if !draining.isEmpty {
            rules.append(
                Self.isDraining + ConnectionLabel.admitted.isOnEstablished + [.verdict(.accept)]
            )
        }
        return rules + existingGoOn + [[.verdict(.goTo(GateNames.refuse))]]
    }

    /// What was there when denying began goes on, where policy says so.
    var existingGoOn: [[Expression]] {
        guard keepsExistingNow else { return [] }
        return [ConnectionLabel.existing.isOnEstablished + [.verdict(.accept)]]
            + ExistingSet.all.flatMap(\.rules)
    }

    /// The labels by which connections to a port that nothing admits may go on.
    package func goingOn(at port: Port) -> [ConnectionLabel] {
        (draining.contains(port) ? [.admitted] : []) + (keepsExistingNow ? [.existing] : [])
    }

    /// Whether there is something that denying would have cut.
    var keepsExistingNow: Bool { keepsExisting && denies }

    static func accepting(_ network: Prefix) -> [Expression] {
        let mask = Prefix.mask(length: network.length, family: network.family)
        return SourceSet.source(network.family) + [
            .mask(1, Address(family: network.family, value: mask).networkBytes),
            .equal(1, network.address.networkBytes),
            .verdict(.accept),
        ]
    }

    private static let isDraining: [Expression] = [
        .meta(.transportProtocol, into: 1),
        .payload(.transport, offset: 2, count: 2, into: 9),
        .lookup(1, set: GateNames.draining),
    ]

    /// The first packet of a connection is logged; all pass.
    var admit: [[Expression]] {
        let logging: [Expression] = [
            .tracking(.state, into: 1), .mask(1, Self.newConnection), .unequal(1, [0, 0, 0, 0]),
            .limit(perSecond: 100, burst: 200),
            .log(group: logGroup, prefix: GateNames.usedPrefix),
        ]
        let labelling = Self.isDraining + ConnectionLabel.admitted.set
        return [logging] + (draining.isEmpty ? [] : [labelling]) + [[.verdict(.accept)]]
    }

    /// Logs some of what nothing admits and counts all of it; a chain of its own, so that the count
    /// stays when other rules change.
    ///
    /// What belongs to a connection is no attempt: in observe mode all of a session comes by here.
    var refuse: [[Expression]] {
        [
            [
                .tracking(.state, into: 1), .mask(1, Self.knownConnection),
                .equal(1, [0, 0, 0, 0]),
                .limit(perSecond: UInt64(deniedPerSecond), burst: UInt32(deniedPerSecond) * 2),
                .log(group: logGroup, prefix: GateNames.deniedPrefix),
            ],
            [.counter(Traffic()), .verdict(denies ? .drop : .accept)],
        ]
    }
}
