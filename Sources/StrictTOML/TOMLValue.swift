/// One value of a TOML file, of the kinds that a policy uses.
package indirect enum TOMLValue: Hashable, Sendable {
    case table([String: TOMLValue])
    case array([TOMLValue])
    case string(String)
    case integer(Int)
    case boolean(Bool)
    /// Dates, times and fractions: nothing in a policy is one. Holds the name of the type.
    case other(String)

    /// The reason that a value cannot be what its key asks for.
    package struct Refusal: Error, Hashable {
        package let reason: String
        package let remedy: String

        package init(_ reason: String, _ remedy: String) {
            self.reason = reason
            self.remedy = remedy
        }
    }

    /// The kind of value, with its article.
    private var kind: String {
        switch self {
        case .table: "a table"
        case .array: "an array"
        case .string: "a string"
        case .integer: "an integer"
        case .boolean: "a boolean"
        case .other(let name): "a \(name)"
        }
    }

    package func isNot(_ wanted: String) -> Refusal {
        Refusal("is \(kind)", "\(wanted) belongs here")
    }
}

extension TOMLValue {
    package func table() throws(Refusal) -> [String: TOMLValue] {
        guard case .table(let table) = self else { throw isNot("a table") }
        return table
    }

    package func array() throws(Refusal) -> [TOMLValue] {
        guard case .array(let elements) = self else { throw isNot("an array") }
        return elements
    }

    package func string() throws(Refusal) -> String {
        guard case .string(let text) = self else { throw isNot("a string in quotes") }
        return text
    }

    package func boolean() throws(Refusal) -> Bool {
        guard case .boolean(let flag) = self else { throw isNot("true or false") }
        return flag
    }

    package func integer(in range: ClosedRange<Int>) throws(Refusal) -> Int {
        let wanted = "an integer from \(range.lowerBound) to \(range.upperBound)"
        guard case .integer(let number) = self else { throw isNot(wanted) }
        guard range.contains(number) else {
            throw Refusal("is \(number)", "\(wanted) belongs here")
        }
        return number
    }

    /// One of a few words.
    package func choice<Choice: RawRepresentable<String>>(
        of choices: [Choice]
    ) throws(Refusal) -> Choice {
        let text = try string()
        guard let choice = choices.first(where: { $0.rawValue == text }) else {
            let words = choices.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
            throw Refusal("is \(QuotedText(text))", "\(words) belongs here")
        }
        return choice
    }
}
