package import Grants
package import StrictJSON

/// The shape of a ticket in a service, and the tickets that allow access.
package struct TicketCheck: Sendable {
    /// The place of the ticket's state, and the states that allow access.
    package let state: JSONPath
    package let open: [String]
    /// The places of the ticket's window.
    package let begin: JSONPath?
    package let end: JSONPath?

    package init(state: JSONPath, open: [String], begin: JSONPath?, end: JSONPath?) {
        (self.state, self.open, self.begin, self.end) = (state, open, begin, end)
    }

    /// The answer about a request with a ticket; `time` reads the service's times.
    package func answer(
        _ asked: AskedRequest,
        _ document: JSONValue,
        time: (String) -> Moment?
    ) -> CheckAnswer {
        let ticket = asked.ticket ?? ""
        let states = state.texts(in: document)
        guard states.count == 1, let state = states.first else {
            return .failed(reason: "the ticket \(ticket) has no state at the path that is given")
        }
        guard open.contains(where: { $0.lowercased() == state.lowercased() }) else {
            return .deny(reason: "the ticket \(ticket) is \(state)")
        }
        let moments = [begin, end].map { path in path.map { Self.moment($0, document, time) } }
        guard !moments.contains(where: { $0 == .some(.none) }) else {
            return .failed(reason: "the ticket \(ticket) has no time at a path that is given")
        }
        if let begin = moments[0] ?? nil, asked.start < begin {
            return .deny(reason: "the window of the ticket \(ticket) begins at \(begin)")
        }
        guard let end = moments[1] ?? nil else {
            return .allow(until: nil, reason: "the ticket \(ticket) is \(state)")
        }
        guard asked.start < end else {
            return .deny(reason: "the window of the ticket \(ticket) was over at \(end)")
        }
        return .allow(until: end, reason: "the ticket \(ticket) is \(state)")
    }

    private static func moment(
        _ path: JSONPath,
        _ document: JSONValue,
        _ time: (String) -> Moment?
    ) -> Moment? {
        path.texts(in: document).first.flatMap(time)
    }
}

/// The shape of a list of the people on call.
package struct OnCallCheck: Sendable {
    /// The places of the shifts, and in each of them of the person and of its end.
    package let shifts: JSONPath
    package let name: JSONPath
    package let end: JSONPath?

    package init(shifts: JSONPath, name: JSONPath, end: JSONPath?) {
        (self.shifts, self.name, self.end) = (shifts, name, end)
    }

    /// The answer about a request; `time` reads the service's times.
    package func answer(
        _ asked: AskedRequest,
        _ document: JSONValue,
        time: (String) -> Moment?
    ) -> CheckAnswer {
        let requestor = asked.requestor
        let own = shifts.values(in: document).filter { shift in
            name.texts(in: shift).contains { $0.lowercased() == requestor.lowercased() }
        }
        guard !own.isEmpty else { return .deny(reason: "\(requestor) is not on call") }
        guard let end else { return .allow(until: nil, reason: "\(requestor) is on call") }
        let ends = own.map { end.texts(in: $0).first.flatMap(time) }
        guard let last = ends.compactMap(\.self).max(), !ends.contains(nil) else {
            return .failed(reason: "a shift of \(requestor) has no time at the path that is given")
        }
        guard asked.start < last else {
            return .deny(reason: "the shift of \(requestor) was over at \(last)")
        }
        return .allow(until: last, reason: "\(requestor) is on call")
    }
}

/// The URL of a service, with `{ticket}`, `{requestor}` and `{host}` in it.
package struct URLTemplate: Hashable, Sendable {
    private static let names = ["ticket", "requestor", "host"]

    private let text: String

    package init(parsing text: String) throws(TextError) {
        let bare = Self.names.reduce(text) { $0.replacing("{\($1)}", with: "") }
        guard !bare.contains("{"), !bare.contains("}") else {
            throw TextError(
                "`\(text)` may have {ticket}, {requestor} and {host} in it, and no others"
            )
        }
        self.text = text
    }

    /// Tells whether it has the placeholder of a name.
    package func uses(_ name: String) -> Bool { text.contains("{\(name)}") }

    /// The URL for a request, with `escape` for values; `nil` if the request lacks one.
    package func url(for asked: AskedRequest, escape: (String) -> String) -> String? {
        let values: [String: String?] = [
            "ticket": asked.ticket, "requestor": asked.requestor, "host": asked.hosts.first,
        ]
        var url = ""
        var rest = Substring(text)
        while let brace = rest.firstIndex(of: "{") {
            url += rest[..<brace]
            let end = rest[brace...].firstIndex(of: "}") ?? rest.endIndex
            let name = String(rest[rest.index(after: brace)..<end])
            guard let value = values[name] ?? nil, !value.isEmpty else { return nil }
            url += escape(value)
            rest = end == rest.endIndex ? "" : rest[rest.index(after: end)...]
        }
        return url + rest
    }
}
