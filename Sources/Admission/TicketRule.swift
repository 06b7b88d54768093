import Grants

/// A glob that the ticket of a grant must match, such as `INC-*`; case matters.
package struct TicketPattern: Hashable, Sendable {
    /// The characters that a ticket may have at most, and so a glob.
    package static let limit = 128

    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    /// Returns whether a ticket matches; `*` is any text, and `?` one character.
    package func matches(_ ticket: String) -> Bool {
        let ticket = Array(ticket.unicodeScalars)
        var row = [true] + [Bool](repeating: false, count: ticket.count)
        for symbol in text.unicodeScalars {
            var above = row[0]
            row[0] = row[0] && symbol == "*"
            for index in ticket.indices {
                let diagonal = above
                above = row[index + 1]
                row[index + 1] =
                    symbol == "*"
                    ? above || row[index] : diagonal && (symbol == "?" || symbol == ticket[index])
            }
        }
        return row[ticket.count]
    }
}

extension Rule {
    static let ticket = Rule(name: "ticket") { item in
        let ticket = item.grant.ticket ?? ""
        let isBlank = ticket.allSatisfy(\.isWhitespace)
        for (_, port, rules) in item.protectedPorts where !rules.requireTicket.isEmpty {
            guard isBlank || !rules.requireTicket.contains(where: { $0.matches(ticket) }) else {
                continue
            }
            let globs = rules.requireTicket.map(\.text.debugDescription).joined(separator: ", ")
            let reason =
                isBlank ? "\(port) needs one" : "\(ticket.debugDescription) is none for \(port)"
            return ("ticket", reason, "it must match \(globs)")
        }
        return nil
    }
}
