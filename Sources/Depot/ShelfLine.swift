package import Grants

/// One line of an index: a file, and a name for people.
package struct ShelfLine: Hashable, Sendable {
    package let digest: ObjectDigest
    /// The name without `.grant`.
    package let name: String

    package init(_ digest: ObjectDigest, name: String) {
        (self.digest, self.name) = (digest, name)
    }

    /// The line with its line feed.
    package var text: String { "\(digest)  \(name).grant\n" }

    /// The length in an index, in bytes.
    var length: Int { ObjectDigest.length + name.utf8.count + 9 }
}

/// The facts about a posted file by which the lines of an index are ordered and dropped.
package struct PostedFile: Hashable, Sendable {
    /// The time that a file without an end of its own stays listed.
    package static let longestListing: Duration = .seconds(30 * 86_400)

    /// True if it is a revocation.
    package let closes: Bool
    /// The moment from which no host takes it; `nil` if it has none.
    package let end: Moment?

    package init(closes: Bool, end: Moment?) {
        (self.closes, self.end) = (closes, end)
    }

    /// The end of its line, for a file that was posted at a moment.
    package func listedUntil(posted: Moment?) -> Moment? {
        end ?? posted.map { $0 + Self.longestListing }
    }
}
