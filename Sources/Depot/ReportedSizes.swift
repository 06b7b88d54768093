/// The sizes of the log in the last notes that were reported, which the next proof covers
/// (docs/PROTOCOL.fleet, section 4).
package struct ReportedSizes: Hashable, Sendable {
    package static let limit = 1_024
    /// The longest file, in bytes.
    package static let fileLimit = 64 << 10

    package private(set) var sizes: [Int64] = []

    package init() {}

    /// Reads a file; what is no list of sizes is an empty one.
    package init(parsing bytes: [UInt8]) {
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        for line in lines.suffix(Self.limit) {
            guard let size = Int64(String(decoding: line, as: UTF8.self)), size >= 0 else { return }
            _ = add(size)
        }
    }

    package var encoded: [UInt8] { sizes.flatMap { Array("\($0)\n".utf8) } }

    /// Adds the size of a note; returns whether it is another than the last.
    ///
    /// A log that has fewer records is another one, of which the sizes before say nothing.
    package mutating func add(_ size: Int64) -> Bool {
        guard size != sizes.last else { return false }
        if let last = sizes.last, size < last { sizes = [] }
        if sizes.count == Self.limit { sizes.removeFirst() }
        sizes.append(size)
        return true
    }
}
