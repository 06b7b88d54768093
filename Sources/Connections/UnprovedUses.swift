import Grants

/// Packets of connections that conntrack does not confirm, until a socket proves them.
package struct UnprovedUses: Hashable, Sendable {
    /// Both ends of a connection.
    private struct Flow: Hashable {
        let peer: Endpoint
        let local: Endpoint
    }

    private struct Waiting: Hashable {
        let packet: LoggedPacket
        let tries: Int
        let dueAt: Int64
    }

    /// A recorded connection, and the time of its last look-up.
    private struct Proved: Hashable {
        let socket: [UInt8]
        var seenAt: Int64
    }

    /// The results of the look-ups of packets.
    package struct Findings: Hashable, Sendable {
        package fileprivate(set) var proved: [LoggedPacket] = []
        /// The packets for which no look-up found a socket.
        package fileprivate(set) var unproved: [LoggedPacket] = []

        package init() {}
    }

    private static let mostWaiting = 256
    private static let mostProved = 4096
    /// The waits between look-ups in microseconds: the kernel logs the packet a moment before its
    /// socket exists, and an application may have told the kernel to wait for data.
    private static let waits: [Int64] = [50_000, 1_000_000, 3_000_000]
    private static let interval: Int64 = 1_000_000

    private var waiting: [Flow: Waiting] = [:]
    private var proved: [Flow: Proved] = [:]

    package init() {}

    /// The time of the next look-up; `nil` if no packet waits.
    package var dueAt: Int64? { waiting.values.map(\.dueAt).min() }

    /// Adds a packet, unless its connection waits already or was looked up a moment ago.
    ///
    /// - Returns: `false` if it cannot be proved.
    package mutating func take(_ packet: LoggedPacket, at boot: Int64) -> Bool {
        guard let flow = Self.flow(of: packet) else { return false }
        if let known = proved[flow], boot - known.seenAt < Self.interval { return true }
        guard waiting[flow] == nil else { return true }
        guard waiting.count < Self.mostWaiting else { return false }
        waiting[flow] = Waiting(packet: packet, tries: 0, dueAt: boot)
        return true
    }

    /// The packets to look up now.
    package func due(at boot: Int64) -> [LoggedPacket] {
        waiting.values.filter { $0.dueAt <= boot }.map(\.packet)
    }

    /// Applies the sockets that were found for the packets that were due.
    ///
    /// A socket that is on record proves no other connection.
    package mutating func take(
        _ sockets: [LoggedPacket: [UInt8]],
        of packets: [LoggedPacket],
        at boot: Int64
    ) -> Findings {
        var findings = Findings()
        for packet in packets {
            guard let flow = Self.flow(of: packet), let before = waiting.removeValue(forKey: flow)
            else { continue }
            if let socket = sockets[packet] {
                if proved[flow]?.socket != socket { findings.proved.append(packet) }
                remember(flow, Proved(socket: socket, seenAt: boot))
            } else if before.tries < Self.waits.count {
                waiting[flow] = Waiting(
                    packet: packet,
                    tries: before.tries + 1,
                    dueAt: boot + Self.waits[before.tries]
                )
            } else {
                findings.unproved.append(packet)
            }
        }
        return findings
    }

    private mutating func remember(_ flow: Flow, _ found: Proved) {
        if proved[flow] == nil, proved.count >= Self.mostProved {
            let latest = proved.values.map(\.seenAt).sorted()[Self.mostProved / 2]
            proved = proved.filter { $0.value.seenAt > latest }
        }
        proved[flow] = found
    }

    private static func flow(of packet: LoggedPacket) -> Flow? {
        guard let ports = packet.local, ports.transport == .tcp,
            let peer = packet.sourceEndpoint
        else { return nil }
        let local = Endpoint(address: packet.destination, port: ports.destination)
        return Flow(peer: peer, local: local)
    }
}
