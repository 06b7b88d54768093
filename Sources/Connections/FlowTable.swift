import CNetfilter
import Glibc
import Grants
import Netlink
import SystemPackage

/// The connections that conntrack has: found by port, and deleted.
struct FlowTable: ~Copyable {
    /// How many are deleted with one datagram.
    private static let atOnce = 500
    /// There while conntrack is: asking it would load it.
    private static let sign = "/proc/sys/net/netfilter/nf_conntrack_max"

    private let socket: NetlinkSocket
    private var sequence: UInt32 = 0

    init() throws(Errno) {
        socket = try NetlinkSocket.netfilter()
    }

    /// Whether there is a connection at all; `false` where conntrack is not.
    private mutating func isInUse() -> Bool {
        guard unsafe access(Self.sign, F_OK) == 0 else { return false }
        sequence += 1
        var count: UInt32 = 0
        do {
            try socket.ask(TrackedFlow.count(sequence: sequence)) { message in
                for attribute in message.attributes(after: MemoryLayout<nfgenmsg>.size)
                where attribute.type == CTA_STATS_GLOBAL_ENTRIES.rawValue {
                    count = attribute.payload.network(UInt32.self) ?? 0
                }
            }
        } catch {
            return false  // Its netlink half is not there, and so neither is anything to delete.
        }
        return count > 0
    }

    /// The connections that go to a port, or were rewritten to it, and whose first packet is meant.
    mutating func find(
        of port: Port,
        _ families: [Address.Family],
        where isMeant: (TrackedFlow) -> Bool
    ) throws(Errno) -> [TrackedFlow] {
        guard isInUse() else { return [] }
        var found: Set<TrackedFlow> = []
        for family in families {
            for place in PortPlace.allCases {
                sequence += 1
                let request = place.dump(of: port, family: family, sequence: sequence)
                try socket.ask(request) { message in
                    guard let flow = TrackedFlow(message), isMeant(flow) else { return }
                    found.insert(flow)
                }
            }
        }
        return Array(found)
    }

    /// Deletes them; answers how many were still there.
    mutating func delete(_ all: [TrackedFlow]) throws(Errno) -> Int {
        var count = 0
        for start in stride(from: 0, to: all.count, by: Self.atOnce) {
            let some = all[start..<min(start + Self.atOnce, all.count)]
            var requests: [NetlinkRequest] = []
            for flow in some {
                sequence += 1
                requests.append(flow.deletion(sequence: sequence))
            }
            let refused = try socket.carryOut(requests)
            count += some.count - refused.count
            let failure = refused.values.first { $0 != .noSuchFileOrDirectory }
            if let failure { throw failure }
        }
        return count
    }
}
