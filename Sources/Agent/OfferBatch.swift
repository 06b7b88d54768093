/// A batch from an inbox: files that could be read, and the reasons why others could not.
struct OfferBatch: Sendable {
    /// A file that is not read because of its owner, mode or type.
    struct Refused: Sendable {
        let path: String
        let code: String
        let reason: String
    }

    /// The reason that an inbox, or a file in it, cannot be read.
    struct Problem: Hashable, Sendable {
        let directory: String
        let reason: String
        let remedy: String?
    }

    var offers: [OpenedFile] = []
    var refused: [Refused] = []
    /// All problems that there are now; `nil` if they are those of the last batch.
    var problems: [Problem]?

    var count: Int { offers.count + refused.count }
    var size: Int { offers.reduce(0) { $0 + $1.bytes.count } }
    var isEmpty: Bool { count == 0 && problems == nil }
}
