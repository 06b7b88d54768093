/// The name of a shelf: that of a host, `all`, or one of a role.
package struct ShelfName: Hashable, Sendable, CustomStringConvertible {
    /// The grammar in words, for messages.
    package static let grammar =
        "1 to 253 of a-z, 0-9, ., _ and -, a letter or digit first, no two dots in a row"

    package let description: String

    /// Fails if `text` is no name of a shelf.
    package init?(_ text: String) {
        let bytes = text.utf8
        guard (1...253).contains(bytes.count), bytes.allSatisfy(\.isNameByte),
            bytes.first.map(\.isLetterOrDigit) ?? false, !text.contains("..")
        else { return nil }
        description = text
    }
}

/// The SHA-256 of a file in lower-case hexadecimal digits: its name in a depot and in an inbox.
package struct ObjectDigest: Hashable, Sendable, CustomStringConvertible {
    package static let length = 64

    package let description: String

    /// Fails if `text` is not 64 lower-case hexadecimal digits.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == Self.length, text.utf8.allSatisfy(\.isLowerHexadecimal) else {
            return nil
        }
        description = String(text)
    }

    /// The name of the file in an inbox.
    package var fileName: String { description + ".grant" }

    /// Fails if `name` is not that of a file that was brought.
    package init?(fileName name: String) {
        guard name.hasSuffix(".grant") else { return nil }
        self.init(name.dropLast(6))
    }
}

/// An object of a depot.
package enum DepotObject: Hashable, Sendable {
    case index(ShelfName)
    /// The indexes of several shelves in one, which a hub answers.
    case indexes([ShelfName])
    case bulletin
    case file(ObjectDigest)
    /// The status of a host, which it puts there itself.
    case status(ShelfName)
    /// The proof that the log of a host only grew.
    case proof(ShelfName)

    /// The path below the URL of the depot, with its query.
    package var path: String {
        switch self {
        case .index(let shelf): "shelves/\(shelf)/index"
        case .indexes(let shelves):
            "shelves?names=" + shelves.map(\.description).joined(separator: ",")
        case .bulletin: "bulletin"
        case .file(let digest): "files/\(digest.fileName)"
        case .status(let host): "status/\(host)"
        case .proof(let host): "status/\(host).proof"
        }
    }

    /// The longest body that is taken, in bytes.
    package var limit: Int {
        switch self {
        case .index, .indexes: ShelfIndex.limit
        case .bulletin: Self.bulletinLimit
        case .file: Self.fileLimit
        case .status: Self.statusLimit
        case .proof: Self.proofLimit
        }
    }

    /// The longest file, in bytes.
    package static let fileLimit = 256 << 10
    /// The longest bulletin, in bytes: 64 KiB and its signatures.
    package static let bulletinLimit = 128 << 10
    /// The longest status, in bytes (docs/PROTOCOL.fleet).
    package static let statusLimit = 72 << 10
    package static let proofLimit = 1 << 20
}

extension UInt8 {
    var isLowerHexadecimal: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
    }

    fileprivate var isLetterOrDigit: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
    }

    fileprivate var isNameByte: Bool {
        isLetterOrDigit || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains(self)
    }

    /// True if the byte may stand in the name of a file that an index lists.
    var isListedNameByte: Bool {
        isNameByte || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
    }
}
