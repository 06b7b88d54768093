/// The header of a vector: lines of `KEY: VALUE`, one for each value of a key.
struct VectorHeader {
    private let lines: [Substring]

    init(_ text: String) {
        lines = text.split(separator: "\n")
    }

    /// The values of a key, in order.
    subscript(key: String) -> [String] {
        lines.filter { $0.hasPrefix(key + ": ") }.map { String($0.dropFirst(key.count + 2)) }
    }
}
