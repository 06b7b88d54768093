import Grants
import Netfilter

/// The hash set for one prefix length of one family: a packet is looked up once in each in use.
struct SourceSet: Hashable, Comparable {
    let family: Address.Family
    let length: Int

    init(_ prefix: Prefix) {
        family = prefix.family
        length = prefix.length
    }

    static func < (left: Self, right: Self) -> Bool {
        (left.family, right.length) < (right.family, left.length)  // the longest prefix first
    }

    var name: String { "\(family == .ipv4 ? "ipv4" : "ipv6")_\(length)" }

    var definition: SetDefinition {
        SetDefinition(
            name: name,
            keyType: KeyType.concatenated(
                family == .ipv4 ? KeyType.ipv4Address : KeyType.ipv6Address,
                KeyType.protocolNumber,
                KeyType.service
            ),
            keyLength: family == .ipv4 ? 12 : 24,
            expires: true
        )
    }

    /// Loads what the set is keyed by, and looks it up.
    var lookup: [Expression] {
        // An address fills 4 or 16 bytes from register 1; each further part has a word of its own.
        let isIPv4 = family == .ipv4
        let word: UInt32 = isIPv4 ? 9 : 12
        let mask = Address(family: family, value: Prefix.mask(length: length, family: family))
        var steps = Self.source(family)
        if length < family.bitCount { steps.append(.mask(1, mask.networkBytes)) }
        return steps + [
            .meta(.transportProtocol, into: word),
            .payload(.transport, offset: 2, count: 2, into: word + 1),
            .lookup(1, set: name),
        ]
    }

    /// Loads the source address into register 1, of packets of this family alone.
    static func source(_ family: Address.Family) -> [Expression] {
        let isIPv4 = family == .ipv4
        return [
            .meta(.networkProtocol, into: 1),
            .equal(1, [isIPv4 ? 2 : 10]),  // NFPROTO_IPV4, NFPROTO_IPV6
            .payload(.network, offset: isIPv4 ? 12 : 8, count: isIPv4 ? 4 : 16, into: 1),
        ]
    }
}

/// The data types of nft that our keys are made of (nft's datatype.h).
enum KeyType {
    static let ipv4Address: UInt32 = 7
    static let ipv6Address: UInt32 = 8
    static let protocolNumber: UInt32 = 12
    static let service: UInt32 = 13

    /// 6 bits each, the first one highest.
    static func concatenated(_ types: UInt32...) -> UInt32 {
        types.reduce(0) { $0 << 6 | $1 }
    }
}

extension Port {
    /// The port as the end of a key: protocol and number, each in a word.
    var keyBytes: [UInt8] {
        [
            transport.protocolNumber, 0, 0, 0, UInt8(number >> 8),
            UInt8(truncatingIfNeeded: number),
            0, 0,
        ]
    }
}

extension Opening {
    var keyBytes: [UInt8] { source.address.networkBytes + port.keyBytes }
}
