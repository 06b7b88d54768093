/// A reader of OpenSSH's key revocation lists (PROTOCOL.krl; docs/PROTOCOL.krl has what counts).
struct KeyRevocationList {
    static let magic = Array("SSHKRL\n\0".utf8)
    /// The longest bitmap of serial numbers in bytes, as in OpenSSH.
    private static let bitmapLimit = 2048

    private var revoked = RevokedKeys()

    static func parse(_ file: [UInt8]) throws(RevokedKeysError) -> RevokedKeys {
        var list = Self()
        var reader = WireReader(file.dropFirst(magic.count))
        guard reader.uint32() == 1 else {
            throw RevokedKeysError("this is a KRL of another version than 1")
        }
        // Its number, its date, its flags, reserved bytes and a comment, all without a meaning here.
        guard reader.bytes(24) != nil, reader.string() != nil, reader.string() != nil else {
            throw truncated
        }
        while !reader.isAtEnd {
            guard let type = reader.byte(), let data = reader.string() else { throw truncated }
            try list.read(section: type, WireReader(data))
        }
        return list.revoked
    }

    private static let truncated = RevokedKeysError(
        "this KRL is cut short or malformed; make it again and put it there by rename(2)"
    )

    private mutating func read(
        section type: UInt8,
        _ reader: WireReader
    ) throws(RevokedKeysError) {
        switch type {
        case 1: try readCertificates(reader)
        case 2: for key in try Self.strings(reader) { revoked.revoke(key) }
        case 3: revoked.oldHashes.formUnion(try Self.strings(reader, of: 20))
        case 4:
            throw RevokedKeysError(
                "this KRL is signed, which OpenSSH has given up; make one without a signature"
            )
        case 5: revoked.keys.formUnion(try Self.strings(reader, of: 32))
        case 255: try Self.skipExtension(reader)
        default: throw RevokedKeysError("this KRL has a section of unknown type \(type)")
        }
    }

    private static func strings(
        _ section: WireReader,
        of size: Int? = nil
    ) throws(RevokedKeysError) -> [[UInt8]] {
        var (reader, strings) = (section, [[UInt8]]())
        while !reader.isAtEnd {
            guard let bytes = reader.string(), size == nil || bytes.count == size else {
                throw truncated
            }
            strings.append(bytes)
        }
        return strings
    }

    /// Skips an extension; a critical one is an error, since it may revoke any key.
    private static func skipExtension(_ section: WireReader) throws(RevokedKeysError) {
        var reader = section
        guard let name = reader.string(), let isCritical = reader.byte(), reader.string() != nil
        else { throw truncated }
        guard isCritical == 0 else {
            let name = String(decoding: name.prefix(64), as: UTF8.self).debugDescription
            throw RevokedKeysError("this KRL has the unknown critical extension \(name)")
        }
    }

    // MARK: certificates

    private mutating func readCertificates(_ section: WireReader) throws(RevokedKeysError) {
        var reader = section
        guard let authority = reader.string(), reader.string() != nil else { throw Self.truncated }
        var list = revoked.certificates[authority] ?? RevokedCertificates()
        while !reader.isAtEnd {
            guard let type = reader.byte(), let data = reader.string() else {
                throw Self.truncated
            }
            try Self.read(certificates: type, WireReader(data), into: &list)
        }
        revoked.certificates[authority] = list
    }

    private static func read(
        certificates type: UInt8,
        _ reader: WireReader,
        into list: inout RevokedCertificates
    ) throws(RevokedKeysError) {
        switch type {
        case 0x20: list.serials.formUnion(try serials(reader))
        case 0x21:
            let bounds = try serials(reader)
            guard bounds.count == 2, bounds[0] <= bounds[1] else { throw truncated }
            list.ranges.append(bounds[0]...bounds[1])
        case 0x22: list.bitmaps.append(try bitmap(reader))
        case 0x23: list.keyIDs.formUnion(try strings(reader))
        case 0x39: try skipExtension(reader)
        default:
            throw RevokedKeysError("this KRL has a section of certificates of unknown type \(type)")
        }
    }

    /// Serial numbers; 0 is none.
    private static func serials(_ section: WireReader) throws(RevokedKeysError) -> [UInt64] {
        var (reader, serials) = (section, [UInt64]())
        while !reader.isAtEnd {
            guard let serial = reader.uint64(), serial != 0 else { throw truncated }
            serials.append(serial)
        }
        return serials
    }

    private static func bitmap(
        _ section: WireReader
    ) throws(RevokedKeysError) -> RevokedCertificates.Bitmap {
        var reader = section
        guard let offset = reader.uint64(), let number = reader.string(), reader.isAtEnd,
            number.first.map({ $0 < 0x80 }) ?? true
        else { throw truncated }
        let bytes = Array(number.drop { $0 == 0 })
        let bits = UInt64(bytes.count) * 8
        guard bytes.count <= bitmapLimit, !offset.addingReportingOverflow(bits).overflow else {
            throw truncated
        }
        return RevokedCertificates.Bitmap(offset: offset, bytes: bytes)
    }
}
