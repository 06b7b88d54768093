extension Address {
    /// Reads an address as RFC 4291 and RFC 6943 section 3.1.1 ("strict") write it.
    package init(parsing text: some StringProtocol) throws(TextError) {
        if text.contains("%") {
            throw TextError("a zone id (%) means nothing to other hosts; leave it out")
        }
        self = try text.contains(":") ? Self.ipv6(text) : Self.ipv4(text)
    }

    private static func ipv4(_ text: some StringProtocol) throws(TextError) -> Address {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let octets = parts.compactMap { $0.decimal(as: UInt8.self) }
        guard parts.count == 4, octets.count == 4, let address = Address(networkBytes: octets)
        else {
            throw TextError(
                "`\(text)` is not an address; IPv4 is four decimal numbers without leading zeros"
            )
        }
        return address
    }

    private static func ipv6(_ text: some StringProtocol) throws(TextError) -> Address {
        let malformed = TextError("`\(text)` is not an IPv6 address")
        let halves = try halves(of: text, orThrow: malformed)
        let groups = try halves.map { (half) throws(TextError) in
            try self.groups(half, orThrow: malformed)
        }
        let zeros = 8 - groups.reduce(0) { $0 + $1.count }
        guard groups.count == 2 ? zeros >= 1 : zeros == 0 else { throw malformed }
        let all =
            (groups.first ?? []) + Array(repeating: 0, count: zeros) + groups.dropFirst().joined()
        let value = all.reduce(UInt128(0)) { $0 << 16 | UInt128($1) }
        guard value >> 32 != 0xFFFF else {
            throw TextError("`\(text)` is IPv4 in IPv6 clothes; write the IPv4 address")
        }
        return Address(family: .ipv6, value: value)
    }

    /// The text before and after `::`; one part if there is no `::`.
    private static func halves(
        of text: some StringProtocol,
        orThrow malformed: TextError
    ) throws(TextError) -> [String] {
        let bytes = Array(text.utf8)
        let colon = UInt8(ascii: ":")
        let doubles = bytes.indices.dropLast().filter {
            bytes[$0] == colon && bytes[$0 + 1] == colon
        }
        guard let gap = doubles.first else { return [String(text)] }
        guard doubles.count == 1 else { throw malformed }
        return [bytes[..<gap], bytes[(gap + 2)...]].map { String(decoding: $0, as: UTF8.self) }
    }

    private static func groups(
        _ text: String,
        orThrow malformed: TextError
    ) throws(TextError) -> [UInt16] {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if part.contains("."), index == parts.count - 1 {
                let tail = try ipv4(part).value
                groups += [
                    UInt16(truncatingIfNeeded: tail >> 16), UInt16(truncatingIfNeeded: tail),
                ]
            } else {
                let isHex = part.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
                guard (1...4).contains(part.utf8.count), isHex, let group = UInt16(part, radix: 16)
                else { throw malformed }
                groups.append(group)
            }
        }
        guard groups.count <= 8 else { throw malformed }
        return groups
    }
}

extension Address: CustomStringConvertible {
    /// The canonical text (RFC 5952 for IPv6).
    package var description: String {
        family == .ipv4
            ? networkBytes.map(String.init).joined(separator: ".")
            : Self.text(
                groups: stride(from: 112, through: 0, by: -16).map { value >> UInt128($0) & 0xFFFF }
            )
    }

    private static func text(groups: [UInt128]) -> String {
        let words = groups.map { String($0, radix: 16) }
        guard let gap = longestZeros(groups) else { return words.joined(separator: ":") }
        return words[..<gap.lowerBound].joined(separator: ":") + "::"
            + words[gap.upperBound...].joined(separator: ":")
    }

    /// The first of the longest runs of at least two zero groups.
    private static func longestZeros(_ groups: [UInt128]) -> Range<Int>? {
        var best: Range<Int>?
        var start = 0
        for index in 0...groups.count where index == groups.count || groups[index] != 0 {
            if index - start >= max(2, (best?.count ?? 0) + 1) { best = start..<index }
            start = index + 1
        }
        return best
    }
}

extension Prefix {
    /// Reads `203.0.113.0/24`; a bare address is one host.
    package init(parsing text: String) throws(TextError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2 else {
            throw TextError("`\(text)` is not a network; write ADDRESS/LENGTH")
        }
        let address = try Address(parsing: first)
        let bits = address.family.bitCount
        guard let length = parts.count == 2 ? parts[1].decimal(as: Int.self) : bits, length <= bits
        else { throw TextError("the prefix length of `\(text)` is not a number from 0 to \(bits)") }
        guard let prefix = Prefix(address: address, length: length) else {
            let network = Prefix(covering: address, length: length)
            throw TextError("`\(text)` has host bits set; the network is \(network)")
        }
        self = prefix
    }

    /// The network of this length that contains an address.
    package init(covering address: Address, length: Int) {
        let length = min(max(length, 0), address.family.bitCount)
        let mask = Prefix.mask(length: length, family: address.family)
        self.init(
            network: Address(family: address.family, value: address.value & mask),
            length: length
        )
    }
}

extension Prefix: CustomStringConvertible {
    package var description: String { "\(address)/\(length)" }
}

extension Port {
    /// Reads `22/tcp`.
    package init(parsing text: String) throws(TextError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let transport = Transport(rawValue: String(parts[1])) else {
            throw TextError("`\(text)` is not a port; write NUMBER/tcp or NUMBER/udp")
        }
        guard let number = parts[0].decimal(as: UInt16.self),
            let port = Port(number: number, transport: transport)
        else { throw TextError("`\(parts[0])` is not a port number from 1 to 65535") }
        self = port
    }
}
