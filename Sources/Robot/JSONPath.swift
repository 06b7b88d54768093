package import Grants
package import StrictJSON

/// A path into a JSON document: names with dots between them, `[3]` for an element, `[*]` for all.
package struct JSONPath: Hashable, Sendable {
    private enum Step: Hashable, Sendable {
        case member(String)
        case element(Int)
        case all
    }

    private let steps: [Step]

    package init(parsing text: String) throws(TextError) {
        let malformed = TextError(
            "`\(text)` is not a path such as issue.fields[0].name or users[*].id"
        )
        var steps: [Step] = []
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "[", omittingEmptySubsequences: false)
            if let name = pieces.first, !name.isEmpty { steps.append(.member(String(name))) }
            guard pieces.count > 1 || pieces.first?.isEmpty == false else { throw malformed }
            for piece in pieces.dropFirst() {
                guard piece.last == "]", let step = Self.index(piece.dropLast()) else {
                    throw malformed
                }
                steps.append(step)
            }
        }
        self.steps = steps
    }

    private static func index(_ text: Substring) -> Step? {
        if text == "*" { return .all }
        return UInt16(text).map { .element(Int($0)) }
    }

    /// The values that the path leads to; none if there are none.
    package func values(in document: JSONValue) -> [JSONValue] {
        steps.reduce([document]) { values, step in
            values.flatMap { value -> [JSONValue] in
                switch step {
                case .member(let name): value[name].map { [$0] } ?? []
                case .element(let index):
                    value.items.flatMap { $0.indices.contains(index) ? [$0[index]] : nil } ?? []
                case .all: value.items ?? []
                }
            }
        }
    }

    /// The values that are texts or whole numbers, as texts.
    package func texts(in document: JSONValue) -> [String] {
        values(in: document).compactMap { value in
            value.text ?? value.number.map { String($0) } ?? value.flag.map { String($0) }
        }
    }
}
