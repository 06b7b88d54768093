import CNetfilter
import Glibc
import Netlink
package import SystemPackage

/// The packets of one reading of the log.
package struct LoggedPackets: Hashable, Sendable {
    package internal(set) var packets: [LoggedPacket] = []
    /// The number of logged packets that are missing here: lost, or not parsed.
    package internal(set) var missed = 0

    package init() {}

    package var isEmpty: Bool { packets.isEmpty && missed == 0 }
}

/// The one listener of an NFLOG group, in the network namespace of the thread that made it.
package struct PacketLog: ~Copyable {
    /// The datagrams read at once: a flood must not delay the agent's deadlines.
    private static let atOnce = 256
    /// The bytes copied of each packet: a whole Ethernet frame, and more headers than are in use.
    ///
    /// One IPv6 extension header takes up to 2,048 bytes, and ports that are not copied cannot be
    /// read. No more than the packet has is copied, so a plain SYN costs no more.
    static let copiedBytes: UInt32 = 4096
    private static let type = UInt16(NFNL_SUBSYS_ULOG) << 8

    private let socket: NetlinkSocket
    private var count = PacketCount()

    /// Binds the group.
    ///
    /// - Throws: `groupTaken` if another program is bound to it.
    package init(group: UInt16) throws(ConnectionsError) {
        socket = try Self.bound(to: group)
    }

    private static func bound(to group: UInt16) throws(ConnectionsError) -> NetlinkSocket {
        do {
            let socket = try NetlinkSocket.packetLog()
            for request in binding(to: group) { try socket.ask(request) { _ in } }
            // Without it only the packet's own ports are known, not the port before DNAT.
            try? socket.ask(naming(group)) { _ in }
            return socket
        } catch .permissionDenied, .notPermitted, .resourceBusy, .fileExists {
            throw .groupTaken(group)
        } catch {
            throw .refused(attempt: "listen to the NFLOG group \(group)", error)
        }
    }

    /// The descriptor, readable while there is something to drain.
    package var fileDescriptor: Int32 { socket.fileDescriptor }

    /// Reads queued packets up to a limit; the rest keeps the descriptor readable.
    package mutating func drain() throws(Errno) -> LoggedPackets {
        var drained = LoggedPackets()
        for _ in 0..<Self.atOnce {
            do {
                guard let datagram = try socket.receive() else { break }
                take(datagram, &drained)
            } catch .noBufferSpace {
                continue  // The gap in the numbers will say how many were lost.
            }
        }
        return drained
    }

    private mutating func take(_ datagram: [UInt8], _ drained: inout LoggedPackets) {
        for message in NetlinkMessage.all(in: datagram)
        where message.type == Self.type | UInt16(NFULNL_MSG_PACKET.rawValue) {
            drained.missed += count.take(LoggedPacket.number(of: message))
            if let packet = LoggedPacket(message) {
                drained.packets.append(packet)
            } else {
                drained.missed += 1
            }
        }
    }

    /// Binds to all families, then requests the front of each packet, at once, with a sequence
    /// number.
    static func binding(to group: UInt16) -> [NetlinkRequest] {
        var requests = [request(group, 1), request(group, 2)]
        let bind = UInt8(truncatingIfNeeded: NFULNL_CFG_CMD_BIND.rawValue)
        requests[0].put(NFULA_CFG_CMD.rawValue, [bind])
        let mode = copiedBytes.networkBytes + [UInt8(NFULNL_COPY_PACKET), 0]
        requests[1].put(NFULA_CFG_MODE.rawValue, mode)
        requests[1].put(NFULA_CFG_QTHRESH.rawValue, UInt32(1).networkBytes)
        requests[1].put(NFULA_CFG_FLAGS.rawValue, UInt16(NFULNL_CFG_F_SEQ).networkBytes)
        return requests
    }

    /// Requests the conntrack entry of each packet too, for which the kernel needs a module.
    private static func naming(_ group: UInt16) -> NetlinkRequest {
        var naming = request(group, 3)
        let flags = UInt16(NFULNL_CFG_F_SEQ | NFULNL_CFG_F_CONNTRACK)
        naming.put(NFULA_CFG_FLAGS.rawValue, flags.networkBytes)
        return naming
    }

    private static func request(_ group: UInt16, _ sequence: UInt32) -> NetlinkRequest {
        NetlinkRequest(
            type: type | UInt16(NFULNL_MSG_CONFIG.rawValue),
            flags: NLM_F_ACK,
            sequence: sequence,
            header: [UInt8(AF_UNSPEC), UInt8(NFNETLINK_V0)] + group.networkBytes
        )
    }
}

/// Finds gaps in the sequence numbers of logged packets.
struct PacketCount: Hashable {
    private var next: UInt32?

    /// The number of packets skipped right before this one; sequence numbers wrap around.
    mutating func take(_ number: UInt32?) -> Int {
        guard let number else { return 0 }
        defer { next = number &+ 1 }
        let gap = next.map { number &- $0 } ?? 0
        return gap < UInt32.max / 2 ? Int(gap) : 0
    }
}
