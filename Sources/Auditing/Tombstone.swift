package import Grants

/// The 25 bytes that remain of a grant that ended, for ever (docs/PROTOCOL.audit, section 7).
package struct Tombstone: Hashable, Sendable {
    /// In bytes.
    package static let size = 25
    private static let reasons = EndReason.allCases.map(\.rawValue)

    let id: UInt128
    /// The first 8 bytes of its file's SHA-256.
    private let digest: UInt64
    /// An index into the reasons.
    private let reason: UInt8

    package init(_ id: GrantID, digest: String, reason: String) {
        self.id = id.value
        self.digest = UInt64(digest.prefix(16), radix: 16) ?? 0
        self.reason = Self.reasons.firstIndex(of: reason).map(UInt8.init) ?? .max
    }

    var grantState: GrantState {
        let digits = String(digest, radix: 16)
        let reason = Int(reason)
        return .ended(
            digest: String(repeating: "0", count: 16 - digits.count) + digits,
            reason: reason < Self.reasons.count ? Self.reasons[reason] : "ended"
        )
    }
}

extension Tombstone {
    package func append(to bytes: inout [UInt8]) {
        Self.append(UInt64(truncatingIfNeeded: id >> 64), to: &bytes)
        Self.append(UInt64(truncatingIfNeeded: id), to: &bytes)
        Self.append(digest, to: &bytes)
        bytes.append(reason)
    }

    private static func append(_ word: UInt64, to bytes: inout [UInt8]) {
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
        }
    }

    /// Reads a slice of `size` bytes.
    init(decoding bytes: ArraySlice<UInt8>) {
        let start = bytes.startIndex
        id = UInt128(Self.word(bytes, start)) << 64 | UInt128(Self.word(bytes, start + 8))
        digest = Self.word(bytes, start + 16)
        reason = bytes[start + 24]
    }

    private static func word(_ bytes: ArraySlice<UInt8>, _ start: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in start..<start + 8 { word = word << 8 | UInt64(bytes[index]) }
        return word
    }

    /// All of them, in the order of their bytes; a piece of one at the end is left out.
    static func all(decoding bytes: some Collection<UInt8>) -> [Tombstone] {
        let bytes = Array(bytes)
        return stride(from: 0, to: bytes.count - bytes.count % size, by: size).map {
            Tombstone(decoding: bytes[$0..<$0 + size])
        }
    }

    static func encoded(_ entries: some Sequence<Tombstone>) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in entries { entry.append(to: &bytes) }
        return bytes
    }
}
