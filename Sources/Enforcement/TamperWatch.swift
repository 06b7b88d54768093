import CNetfilter
import Glibc
import Netfilter
import Netlink
import SystemPackage

/// The changes of the ruleset by other processes since the last look.
package struct Tampering: Hashable, Sendable {
    /// A commit that touched our table.
    package struct Change: Hashable, Sendable {
        /// The author according to the kernel: name (`comm`) and id of the process.
        package let process: String
        package let processID: UInt32

        package init(process: String, processID: UInt32) {
            self.process = process
            self.processID = processID
        }
    }

    /// The largest part of the table that may be gone, as far as reported.
    package enum Extent: Int, Comparable, Sendable {
        /// Elements or sets: the rules are intact.
        case elements
        /// Rules or chains: strangers may get in.
        case rules
        /// The whole table.
        case table

        package static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
    }

    package internal(set) var changes: [Change] = []
    package internal(set) var extent = Extent.elements
    /// True if events were lost: the table must be read again.
    package internal(set) var lostEvents = false

    package init() {}

    package mutating func add(_ more: [Change], lostEvents: Bool) {
        changes += more
        self.lostEvents = self.lostEvents || lostEvents
    }

    /// True if there is reason to look at the table.
    package var isReason: Bool { lostEvents || !changes.isEmpty }
}

/// Reports every change of our table by other processes; the gate's own changes never wake it.
package struct TamperWatch: ~Copyable {
    private let socket: NetlinkSocket
    private var reader = TamperReader()

    /// Opens a watch in the network namespace of the calling thread; `port` is the gate's own.
    package init(ignoring port: UInt32) throws(GateError) {
        do {
            socket = try NetlinkSocket.rulesetChanges(ignoring: port)
        } catch {
            throw .refused(NetfilterError(attempt: "watch the ruleset", errno: error))
        }
    }

    /// The descriptor, readable when another process has changed the ruleset.
    package var fileDescriptor: Int32 { socket.fileDescriptor }

    /// Reads all queued events.
    package mutating func drain() -> Tampering {
        while true {
            do throws(Errno) {
                guard let datagram = try socket.receive() else { return reader.take() }
                for message in NetlinkMessage.all(in: datagram) { reader.read(message) }
            } catch {
                // Whatever the error, the events that came with it are lost.
                reader.lose()
                guard error == .noBufferSpace else { return reader.take() }
            }
        }
    }
}

/// Assembles notifications: a commit lists its changes, then its author.
struct TamperReader {
    private var tampering = Tampering()
    private var touchesOurs = false

    private static let familyHeaderLength = 4
    private static let generation =
        UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(NFT_MSG_NEWGEN.rawValue)
    /// The most processes told apart.
    private static let most = 16

    mutating func read(_ message: NetlinkMessage) {
        guard message.type >> 8 == UInt16(NFNL_SUBSYS_NFTABLES) else { return }
        let attributes = message.attributes(after: Self.familyHeaderLength)
        if message.type == Self.generation { return end(by: attributes) }
        // The name of the table is the first attribute of every kind of object.
        guard message.payload.first == UInt8(NFPROTO_INET) else { return }
        let isOurs = attributes.contains {
            $0.type == NFTA_TABLE_NAME.rawValue
                && $0.payload.elementsEqual(Array(GateNames.table.utf8) + [0])
        }
        guard isOurs else { return }
        touchesOurs = true
        tampering.extent = max(tampering.extent, Self.extent(of: message.type & 0xFF))
    }

    private static func extent(of kind: UInt16) -> Tampering.Extent {
        switch UInt32(kind) {
        case NFT_MSG_DELTABLE.rawValue: .table
        case NFT_MSG_NEWRULE.rawValue, NFT_MSG_DELRULE.rawValue, NFT_MSG_NEWCHAIN.rawValue,
            NFT_MSG_DELCHAIN.rawValue, NFT_MSG_NEWTABLE.rawValue:
            .rules
        default: .elements
        }
    }

    private mutating func end(by attributes: [NetlinkAttribute]) {
        defer { touchesOurs = false }
        guard touchesOurs, tampering.changes.count < Self.most else { return }
        let name = attributes.first { $0.type == NFTA_GEN_PROC_NAME.rawValue }?.payload ?? []
        let id = attributes.first { $0.type == NFTA_GEN_PROC_PID.rawValue }?.payload ?? []
        let change = Tampering.Change(
            process: String(decoding: name.prefix { $0 != 0 }, as: UTF8.self),
            processID: id.network(UInt32.self) ?? 0
        )
        if !tampering.changes.contains(change) { tampering.changes.append(change) }
    }

    mutating func lose() {
        tampering.lostEvents = true
        tampering.extent = max(tampering.extent, .rules)
    }

    mutating func take() -> Tampering {
        defer { tampering = Tampering() }
        return tampering
    }
}
