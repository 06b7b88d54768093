import Grants

/// The ids of all grants that ever ended, for ever: 25 bytes each.
package struct EndedGrants: Hashable, Sendable {
    /// What is still known of one.
    struct Mark: Hashable, Sendable {
        /// The first 8 bytes of its file's SHA-256.
        let digest: UInt64
        /// An index into the reasons.
        let reason: UInt8
    }

    /// Bytes of one in `encoded`.
    static let encodedSize = 25
    private static let reasons = EndReason.allCases.map(\.rawValue)

    private var ids: [UInt128] = []
    private var digests: [UInt64] = []
    private var reasons: [UInt8] = []
    /// Those that came since the arrays were sorted.
    private var recent: [UInt128: Mark] = [:]

    package var count: Int { ids.count + recent.count }

    subscript(id: GrantID) -> Standing? {
        if let mark = recent[id.value] { return standing(mark) }
        let place = place(of: id.value)
        guard place < ids.count, ids[place] == id.value else { return nil }
        return standing(Mark(digest: digests[place], reason: reasons[place]))
    }

    mutating func add(_ id: GrantID, digest: String, reason: String) {
        let number = Self.reasons.firstIndex(of: reason).map(UInt8.init) ?? .max
        let mark = Mark(digest: UInt64(digest.prefix(16), radix: 16) ?? 0, reason: number)
        let place = place(of: id.value)
        if place < ids.count, ids[place] == id.value {
            (digests[place], reasons[place]) = (mark.digest, mark.reason)
        } else {
            recent[id.value] = mark
        }
        // Rare enough that each is moved a few times only.
        if recent.count > max(1024, ids.count / 8) { sort() }
    }

    private func standing(_ mark: Mark) -> Standing {
        let digits = String(mark.digest, radix: 16)
        let reason = Int(mark.reason)
        return .ended(
            digest: String(repeating: "0", count: 16 - digits.count) + digits,
            reason: reason < Self.reasons.count ? Self.reasons[reason] : "ended"
        )
    }

    /// The first index whose id is not less.
    private func place(of id: UInt128) -> Int {
        var (low, high) = (0, ids.count)
        while low < high {
            let middle = (low + high) / 2
            if ids[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func sort() {
        let old = self
        let added = recent.sorted { $0.key < $1.key }
        self = Self()
        reserve(old.count)
        var next = 0
        for (id, mark) in added {
            while next < old.ids.count, old.ids[next] < id {
                append(old.ids[next], Mark(digest: old.digests[next], reason: old.reasons[next]))
                next += 1
            }
            append(id, mark)
        }
        for index in next..<old.ids.count {
            append(old.ids[index], Mark(digest: old.digests[index], reason: old.reasons[index]))
        }
    }

    private mutating func reserve(_ count: Int) {
        ids.reserveCapacity(count)
        digests.reserveCapacity(count)
        reasons.reserveCapacity(count)
    }

    private mutating func append(_ id: UInt128, _ mark: Mark) {
        ids.append(id)
        digests.append(mark.digest)
        reasons.append(mark.reason)
    }
}

/// Equal if they know the same, whatever is sorted already.
extension EndedGrants {
    package static func == (left: Self, right: Self) -> Bool {
        guard left.count == right.count else { return false }
        var (left, right) = (left, right)
        left.sort()
        right.sort()
        return left.ids == right.ids && left.digests == right.digests
            && left.reasons == right.reasons
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(count)
    }
}

extension EndedGrants {
    /// All of them in the order of their ids: 16 bytes of id, 8 of digest, 1 of reason each.
    func encoded() -> [UInt8] {
        var all = self
        all.sort()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(all.count * Self.encodedSize)
        for index in all.ids.indices {
            let id = all.ids[index]
            Self.append(UInt64(truncatingIfNeeded: id >> 64), to: &bytes)
            Self.append(UInt64(truncatingIfNeeded: id), to: &bytes)
            Self.append(all.digests[index], to: &bytes)
            bytes.append(all.reasons[index])
        }
        return bytes
    }

    private static func append(_ word: UInt64, to bytes: inout [UInt8]) {
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
        }
    }

    /// - Returns: `nil` unless the bytes are what `encoded` makes.
    init?(decoding bytes: ArraySlice<UInt8>) {
        guard bytes.count % Self.encodedSize == 0 else { return nil }
        reserve(bytes.count / Self.encodedSize)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let word = { (offset: Int) in
                (index + offset..<index + offset + 8).reduce(UInt64(0)) {
                    $0 << 8 | UInt64(bytes[$1])
                }
            }
            let id = UInt128(word(0)) << 64 | UInt128(word(8))
            if let last = ids.last, last >= id { return nil }
            append(id, Mark(digest: word(16), reason: bytes[index + 24]))
            index += Self.encodedSize
        }
    }
}
