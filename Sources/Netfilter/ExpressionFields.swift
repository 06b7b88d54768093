import CNetfilter
package import Netlink

/// The attributes of one expression or object as the kernel reports it.
package struct ExpressionFields {
    private let attributes: [NetlinkAttribute]

    package init(_ attributes: [NetlinkAttribute]) {
        self.attributes = attributes
    }

    package subscript(type: UInt32) -> NetlinkAttribute? { attributes.first { $0.type == type } }

    /// A number in network order.
    package func number(_ type: UInt32) -> UInt32? { self[type]?.payload.network(UInt32.self) }

    func wide(_ type: UInt32) -> UInt64? { self[type]?.payload.network(UInt64.self) }

    /// A string, up to its NUL.
    package func text(_ type: UInt32) -> String? {
        self[type].map { String(decoding: $0.payload.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// The bytes of a `NFTA_DATA_VALUE` inside.
    package func value(_ type: UInt32) -> [UInt8]? {
        self[type]?.nested.first { $0.type == NFTA_DATA_VALUE.rawValue }.map { Array($0.payload) }
    }

    /// Returns true if all fields except the named ones are absent or zero.
    func say(only named: UInt32...) -> Bool { say(only: named) }

    func say(only named: [UInt32]) -> Bool {
        attributes.allSatisfy { named.contains($0.type) || $0.payload.allSatisfy { $0 == 0 } }
    }
}
