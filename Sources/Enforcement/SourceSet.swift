import Grants
import Netfilter

/// The hash set of one prefix length and family; a packet costs one look-up for each set in use.
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

    /// The key under which an opening of this length would admit an address to a port.
    func key(admitting address: Address, to port: Port) -> [UInt8] {
        let mask = Prefix.mask(length: length, family: family)
        return Address(family: family, value: address.value & mask).networkBytes + port.keyBytes
    }

    var name: String { "\(family == .ipv4 ? "ipv4" : "ipv6")_\(length)" }

    var definition: SetDefinition {
        SetDefinition(
            name: name,
            keyType: KeyType.concatenated(
                KeyType.address(family),
                KeyType.protocolNumber,
                KeyType.service
            ),
            keyLength: family == .ipv4 ? 12 : 24,
            kind: .counted
        )
    }

    /// Loads the fields of the key, and looks it up.
    func lookup(_ fields: KeyFields, in set: String? = nil) -> [Expression] {
        let words = Self.wordsBehindAddress(family)
        let mask = Address(family: family, value: Prefix.mask(length: length, family: family))
        var steps = fields.peer(family)
        if length < family.bitCount { steps.append(.mask(1, mask.networkBytes)) }
        return steps + [
            .meta(.transportProtocol, into: words.0),
            fields.port(into: words.1),
            .lookup(1, set: set ?? name),
        ]
    }

    /// The registers after the address, which fills 4 or 16 bytes from register 1; each further
    /// field has a word of its own.
    ///
    /// The kernel names a word at the start of a large register like that register.
    static func wordsBehindAddress(_ family: Address.Family) -> (UInt32, UInt32) {
        family == .ipv4 ? (9, 10) : (2, 13)
    }
}

/// The data types of nft that the keys consist of (nft's datatype.h).
enum KeyType {
    static let ipv4Address: UInt32 = 7
    static let ipv6Address: UInt32 = 8
    static let protocolNumber: UInt32 = 12
    static let service: UInt32 = 13

    static func address(_ family: Address.Family) -> UInt32 {
        family == .ipv4 ? ipv4Address : ipv6Address
    }

    /// The type of a concatenation: 6 bits for each type, the first one highest.
    static func concatenated(_ types: UInt32...) -> UInt32 {
        types.reduce(0) { $0 << 6 | $1 }
    }
}

extension Port {
    /// The port as an element of a set of ports.
    var element: SetElement { SetElement(key: keyBytes) }

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

    /// Makes the opening of a set's key; `nil` for a malformed key.
    init?(key: [UInt8], of set: SourceSet) {
        let tail = Array(key.suffix(8))
        guard tail.count == 8, let address = Address(networkBytes: key.dropLast(8)),
            let source = Prefix(address: address, length: set.length),
            source.family == set.family,
            let transport = Transport.allCases.first(where: { $0.protocolNumber == tail[0] }),
            let port = Port(number: UInt16(tail[4]) << 8 | UInt16(tail[5]), transport: transport),
            tail == port.keyBytes
        else { return nil }
        self.init(source: source, port: port)
    }
}

extension SourceSet {
    /// Parses the name of a set; `nil` for sets of another kind.
    init?(name: String) {
        let parts = name.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 2, let length = Int(parts[1]) else { return nil }
        switch parts[0] {
        case "ipv4": family = .ipv4
        case "ipv6": family = .ipv6
        default: return nil
        }
        self.length = length
        guard (0...family.bitCount).contains(length), self.name == name else { return nil }
    }
}
