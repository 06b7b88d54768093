import CNetfilter
import Glibc
import Grants
import Netlink
import SystemPackage

/// The connections that conntrack tracks: found by port, and deleted.
struct FlowTable: ~Copyable {
    /// The number of connections deleted by one datagram.
    private static let atOnce = 500
    /// The number of connections up to which one whole dump costs less than two filtered ones.
    private static let few = 5000
    /// A file that exists while conntrack is loaded: a request to conntrack would load it.
    private static let sign = "/proc/sys/net/netfilter/nf_conntrack_max"

    private let socket: NetlinkSocket
    private var sequence: UInt32 = 0

    init() throws(Errno) {
        socket = try NetlinkSocket.netfilter()
    }

    /// The number of connections; 0 if conntrack is not loaded.
    private mutating func count() -> Int {
        guard unsafe access(Self.sign, F_OK) == 0 else { return 0 }
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
            return 0  // Its netlink half is not there, and so neither is anything to delete.
        }
        return Int(count)
    }

    /// The matching connections that were sent or rewritten to a port.
    mutating func find(
        of port: Port,
        _ families: [Address.Family],
        where isMeant: (TrackedFlow) -> Bool
    ) throws(Errno) -> [TrackedFlow] {
        try find(of: [port], families) { flow, _ in isMeant(flow) }[port] ?? []
    }

    /// The matching connections that were sent or rewritten to some ports, by port.
    mutating func find(
        of ports: [Port],
        _ families: [Address.Family],
        where isMeant: (TrackedFlow, Port) -> Bool
    ) throws(Errno) -> [Port: [TrackedFlow]] {
        let total = count()
        guard total > 0 else { return [:] }
        var found: [Port: Set<TrackedFlow>] = [:]
        for request in dumps(of: ports, families, outOf: total) {
            try socket.ask(request) { message in
                guard let flow = TrackedFlow(message), !flow.isEnding else { return }
                for port in ports where flow.mayBeSession(of: port) && isMeant(flow, port) {
                    found[port, default: []].insert(flow)
                }
            }
        }
        return found.mapValues(Array.init)
    }

    /// The dumps to request: the kernel walks its whole table for each, so a short table is dumped
    /// once for all ports.
    private mutating func dumps(
        of ports: [Port],
        _ families: [Address.Family],
        outOf total: Int
    ) -> [NetlinkRequest] {
        guard total > Self.few * ports.count * families.count else {
            sequence += 1
            let family = families.count == 1 ? families.first : nil
            let transport: Transport = ports.contains { $0.transport == .udp } ? .udp : .tcp
            return [TrackedFlow.dump(family: family, transport, sequence: sequence)]
        }
        var requests: [NetlinkRequest] = []
        for (port, family) in ports.flatMap({ port in families.map { (port, $0) } }) {
            for place in [PortPlace.asked, .answering] {
                sequence += 1
                requests.append(place.dump(of: port, family: family, sequence: sequence))
            }
        }
        return requests
    }

    /// Deletes the connections; returns the number that still existed.
    mutating func delete(_ all: [TrackedFlow]) throws(Errno) -> Int {
        try carryOut(all) { $0.deletion(sequence: $1) }
    }

    /// Has the connections time out after `seconds`, whatever comes; returns how many still
    /// existed.
    mutating func end(_ all: [TrackedFlow], after seconds: UInt32) throws(Errno) -> Int {
        try carryOut(all) { $0.ending(after: seconds, sequence: $1) }
    }

    private mutating func carryOut(
        _ all: [TrackedFlow],
        _ request: (TrackedFlow, UInt32) -> NetlinkRequest
    ) throws(Errno) -> Int {
        var count = 0
        for start in stride(from: 0, to: all.count, by: Self.atOnce) {
            let some = all[start..<min(start + Self.atOnce, all.count)]
            var requests: [NetlinkRequest] = []
            for flow in some {
                sequence += 1
                requests.append(request(flow, sequence))
            }
            let refused = try socket.carryOut(requests)
            count += some.count - refused.count
            let failure = refused.values.first { $0 != .noSuchFileOrDirectory }
            if let failure { throw failure }
        }
        return count
    }
}

extension TrackedFlow {
    /// Returns whether it has a port's transport and, for TCP, was begun by both ends.
    fileprivate func mayBeSession(of port: Port) -> Bool {
        original.protocolNumber == port.transport.protocolNumber
            && (isAssured || port.transport == .udp)
    }
}
