package import Grants

/// Reads the form to ask: the grant of its fields, or all that is wrong with them.
package struct AskReader {
    /// The time that a grant may take to be approved and still be given in full.
    private static let margin = Duration.seconds(3600)

    private let fields: AskFields
    private let now: Moment
    private var problems: [AskProblem] = []

    /// Returns the grant for a person, or the problems of the fields in their order.
    package static func read(
        _ fields: AskFields,
        for requestor: String,
        id: GrantID,
        at now: Moment
    ) -> Result<Grant, AskProblems> {
        var reader = AskReader(fields: fields, now: now)
        let grant = reader.grant(for: requestor, id)
        guard reader.problems.isEmpty, let grant else {
            return .failure(AskProblems(reader.problems))
        }
        return .success(grant)
    }

    private init(fields: AskFields, now: Moment) {
        (self.fields, self.now) = (fields, now)
    }

    private mutating func grant(for requestor: String, _ id: GrantID) -> Grant? {
        let hosts = list(.hosts, HostPattern.init(parsing:))
        let ports = list(.ports, Port.init(parsing:))
        let sources = list(.sources, Prefix.init(parsing:))
        let duration = value(.duration, fields[.duration], Duration.init(parsing:))
        let start = start()
        if fields[.reason].isEmpty { problems.append(AskProblem(.reason, "say why")) }
        guard let duration else { return nil }
        let beginning = max(now, start ?? now).wholeSecond
        let grant = Grant(
            id: id,
            hosts: hosts,
            requestor: requestor,
            justification: fields[.reason],
            sources: sources,
            ports: ports,
            notBefore: start,
            expires: beginning + duration + Self.margin,
            duration: duration,
            ticket: fields[.ticket].isEmpty ? nil : fields[.ticket]
        )
        return problems.isEmpty ? checked(grant) : nil
    }

    /// The grant as it is read from its own payload: what hosts would not read is no request.
    private mutating func checked(_ grant: Grant) -> Grant? {
        do throws(GrantSyntaxError) {
            return try Grant(parsing: grant.payload())
        } catch {
            problems.append(AskProblem(Self.field(error.field), error.reason))
            return nil
        }
    }

    /// The field of the form that a member of a grant comes from.
    private static func field(_ member: String) -> AskFields.Name {
        let names: [String: AskFields.Name] = [
            "hosts": .hosts, "ports": .ports, "sources": .sources, "duration": .duration,
            "not_before": .start, "expires": .duration, "ticket": .ticket,
        ]
        return names.first { member.hasPrefix($0.key) }?.value ?? .reason
    }

    private mutating func list<Value: Hashable>(
        _ name: AskFields.Name,
        _ read: (String) throws(TextError) -> Value
    ) -> [Value] {
        let words = fields.words(name)
        if words.isEmpty { problems.append(AskProblem(name, "name at least one")) }
        var values: [Value] = []
        for word in words {
            if let value = value(name, word, read), !values.contains(value) { values.append(value) }
        }
        return values
    }

    private mutating func value<Value>(
        _ name: AskFields.Name,
        _ text: String,
        _ read: (String) throws(TextError) -> Value
    ) -> Value? {
        do throws(TextError) {
            return try read(text)
        } catch {
            problems.append(AskProblem(name, error.description))
            return nil
        }
    }

    /// The moment of the field of a browser, `2026-12-01T22:00`, which has no zone and means UTC here.
    private mutating func start() -> Moment? {
        let text = fields[.start]
        guard !text.isEmpty else { return nil }
        let seconds = text.utf8.count == 16 ? ":00" : ""
        return value(
            .start,
            text.hasSuffix("Z") ? text : text + seconds + "Z",
            Moment.init(parsing:)
        )
    }
}

/// All that is wrong with a form.
package struct AskProblems: Error, Hashable, Sendable {
    package let all: [AskProblem]

    init(_ all: [AskProblem]) {
        self.all = all
    }
}

extension Grant {
    /// The command line that makes the same request, signs it and sends it to a hub.
    package func askCommand(to hub: String) -> String {
        var words = ["jitgate", "request", "--send", "--hub", hub]
        for host in hosts { words += ["--host", host.description] }
        for port in ports { words += ["--port", port.description] }
        for source in sources { words += ["--source", source.description] }
        if let duration { words += ["--for", duration.shortText] }
        if let notBefore { words += ["--not-before", notBefore.description] }
        if let ticket { words += ["--ticket", ticket] }
        if let justification { words += ["--reason", justification] }
        return words.map(ShellWord.quoted).joined(separator: " ")
    }
}
