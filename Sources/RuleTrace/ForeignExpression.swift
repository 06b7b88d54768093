/// A step of another tool's rule, as far as we understand it.
///
/// Registers are given by their words: 8 to 23, of 4 bytes each.
enum ForeignExpression: Hashable, Sendable {
    /// The known properties of a packet that opens a connection.
    enum Field: Hashable, Sendable {
        case family
        /// Of the frame, where it is looked at before its family is known.
        case etherType
        case transport
        /// Bytes of the IP header: those of the source, if they are.
        case networkHeader(offset: Int, count: Int)
        case destinationPort
        /// The port of the source, which may be any, and that of the destination.
        case ports
        case tcpFlags
        case state
        /// The status bits of the connection, of which those of rewriting matter.
        case status
        /// The kind of the destination address: one of this host's.
        case destinationType
        /// Never the loopback's: what comes by that passes the gate as well.
        case interface
        /// The source, the interface and all else that differs from packet to packet.
        case other
    }

    enum Comparison: Hashable, Sendable {
        case equal, unequal, less, lessOrEqual, greater, greaterOrEqual
    }

    case load(Field, into: Int)
    case constant([UInt8], into: Int)
    case mask([UInt8], xor: [UInt8], from: Int, into: Int)
    case compare(Int, Comparison, [UInt8])
    case range(Int, from: [UInt8], to: [UInt8], isInverted: Bool)
    /// Goes on if the set has the value in the register; `decides` by the verdict of the element.
    case lookup(Int, set: String, isInverted: Bool, decides: Bool)
    /// Of iptables: the destination port is within one of these; `besides` something else must hold
    /// that may or may not.
    case destinationPort([ClosedRange<UInt16>], isInverted: Bool, besides: Bool = false)
    /// Of iptables: the state of the connection is one of these bits.
    case state(UInt16, isInverted: Bool)
    case verdict(ForeignVerdict)
    /// Another destination; the port that a word says, or that is named, or the same one.
    case rewrite(portIn: Int?, port: UInt16?)
    /// Hands it to a local socket of the port that a word says, or of its own (tproxy).
    case divert(portIn: Int?, port: UInt16?)
    /// Nothing that matters here.
    case nothing
    /// Something that holds for no packet that opens a connection.
    case never
    /// Something that may or may not hold.
    case unknown
}

enum ForeignVerdict: Hashable, Sendable {
    case accept
    case drop
    /// Handed to a program, which decides.
    case queue
    case jump(String)
    case goto(String)
    case `return`
    case goOn
}

/// An element of a set of another tool.
struct ForeignElement: Hashable, Sendable {
    let key: [UInt8]
    /// Marks the end, in a set of intervals.
    let isEnd: Bool
    let verdict: ForeignVerdict?
}

extension [ForeignElement] {
    /// The one that a value falls under: itself, or the beginning of its interval.
    func element(of value: [UInt8]) -> ForeignElement? {
        guard contains(where: \.isEnd) else { return first { $0.key == value } }
        let before = filter { !value.lexicographicallyPrecedes($0.key) }
        let last = before.max {
            $0.key == $1.key ? $0.isEnd && !$1.isEnd : $0.key.lexicographicallyPrecedes($1.key)
        }
        return last?.isEnd == false ? last : nil
    }
}

/// A table of another tool, as far as it is needed to follow a packet through.
struct ForeignTable: Hashable, Sendable {
    var chains: [String: [[ForeignExpression]]] = [:]
    /// Those that rules look up; `nil` for one that cannot be understood.
    var sets: [String: [ForeignElement]?] = [:]
}

extension ForeignExpression.Comparison {
    /// Returns true if the comparison of a value with a rule's data holds; both are in network
    /// order.
    func holds(_ value: [UInt8], _ data: [UInt8]) -> Bool {
        switch self {
        case .equal: value == data
        case .unequal: value != data
        case .less: value.lexicographicallyPrecedes(data)
        case .lessOrEqual: !data.lexicographicallyPrecedes(value)
        case .greater: data.lexicographicallyPrecedes(value)
        case .greaterOrEqual: !value.lexicographicallyPrecedes(data)
        }
    }
}
