package import Grants

/// Values of the core as string literals, for tests alone: malformed text stops the test.
extension GrantID: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) {
        self = read(text) { text throws(TextError) in try GrantID(parsing: text) }
    }
}

extension Prefix: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) {
        self = read(text) { text throws(TextError) in try Prefix(parsing: text) }
    }
}

extension Port: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) {
        self = read(text) { text throws(TextError) in try Port(parsing: text) }
    }
}

extension Moment: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) {
        self = read(text) { text throws(TextError) in try Moment(parsing: text) }
    }
}

private func read<Value>(_ text: String, _ parse: (String) throws(TextError) -> Value) -> Value {
    do throws(TextError) {
        return try parse(text)
    } catch {
        preconditionFailure("\(error)")
    }
}
