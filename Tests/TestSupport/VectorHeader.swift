/// What is said of a vector: lines `KEY: VALUE`, a key as often as it has values.
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
