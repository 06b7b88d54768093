/// The names in an X.509 certificate in DER, as far as the hub tells peers apart by them.
///
/// The library of TLS has verified the certificate; this reads names, and trusts nothing.
struct CertificateNames: Hashable, Sendable {
    private static let commonNameID: [UInt8] = [0x55, 0x04, 0x03]

    /// The name of its authority, in DER.
    let issuer: [UInt8]
    /// Its own name, in DER.
    let subject: [UInt8]
    /// The CN of its own name; `nil` unless there is one.
    let commonName: String?

    init?(der: [UInt8]) {
        var outer = DERReader(der[...])
        guard let certificate = outer.next(DERReader.sequence) else { return nil }
        var inner = DERReader(certificate.content)
        guard let body = inner.next(DERReader.sequence) else { return nil }
        var fields = DERReader(body.content)
        // The version may be left out; serial number and algorithm are not.
        _ = fields.next(0xA0)
        guard fields.next(0x02) != nil, fields.next(DERReader.sequence) != nil,
            let issuer = fields.next(DERReader.sequence),
            fields.next(DERReader.sequence) != nil,
            let subject = fields.next(DERReader.sequence)
        else { return nil }
        self.issuer = Array(issuer.whole)
        self.subject = Array(subject.whole)
        commonName = Self.commonName(in: subject.content)
    }

    private static func commonName(in name: ArraySlice<UInt8>) -> String? {
        var (sets, found): (DERReader, [String]) = (DERReader(name), [])
        while let set = sets.next(0x31) {
            var pairs = DERReader(set.content)
            while let pair = pairs.next(DERReader.sequence) {
                var parts = DERReader(pair.content)
                guard let id = parts.next(0x06), id.content.elementsEqual(commonNameID) else {
                    continue
                }
                // UTF8String or PrintableString; who uses others has no name here.
                guard let text = parts.next(0x0C) ?? parts.next(0x13),
                    let name = String(validating: text.content, as: UTF8.self)
                else { return nil }
                found.append(name)
            }
        }
        return found.count == 1 ? found.first : nil
    }
}

/// Reads elements of DER one after the other, within bounds.
struct DERReader {
    struct Element {
        let whole: ArraySlice<UInt8>
        let content: ArraySlice<UInt8>
    }

    static let sequence: UInt8 = 0x30

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    /// The next element; `nil`, and nothing is read, if it has another tag or is cut off.
    mutating func next(_ tag: UInt8) -> Element? {
        guard rest.first == tag, let first = rest.dropFirst().first else { return nil }
        var (length, header) = (Int(first), 2)
        if first >= 0x80 {
            let count = Int(first & 0x7F)
            let digits = rest.dropFirst(2).prefix(count)
            guard (1...3).contains(count), digits.count == count else { return nil }
            length = digits.reduce(0) { $0 << 8 | Int($1) }
            header += count
        }
        guard rest.count >= header + length else { return nil }
        let whole = rest.prefix(header + length)
        rest = rest.dropFirst(header + length)
        return Element(whole: whole, content: whole.dropFirst(header))
    }
}
