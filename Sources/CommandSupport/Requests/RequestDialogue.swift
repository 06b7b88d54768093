import Grants

/// Asks on a terminal for what a request lacks.
struct RequestDialogue {
    private static let attempts = 3

    private let console: Console
    private let answer: @Sendable (String) -> String?

    /// `nil` where nobody would answer.
    init?(_ console: Console) {
        guard let answer = console.ask else { return nil }
        self.console = console
        self.answer = answer
    }

    func complete(_ wish: inout RequestWish) throws(CommandFailure) {
        if wish.hosts.isEmpty {
            wish.hosts = try list(
                "Host (a name, a glob, label:NAME=VALUE)",
                HostPattern.init(parsing:)
            )
        }
        if wish.ports.isEmpty {
            wish.ports = try list("Port", proposing: "22/tcp", Port.init(parsing:))
        }
        if wish.sources.isEmpty {
            let own = console.variable("SSH_CONNECTION") == nil ? nil : "my"
            wish.sources = try list(
                "From which network",
                proposing: own,
                SourceArgument.init(parsing:)
            )
        }
        if wish.reason == nil {
            wish.reason = try value("Why") { text throws(TextError) in text }
        }
    }

    /// Asks for the duration, which a time to end at may stand for.
    func duration() throws(CommandFailure) -> Duration {
        try value("For how long", proposing: "1h", Duration.init(parsing:))
    }

    /// Several may be given, with commas between them.
    private func list<Value>(
        _ question: String,
        proposing proposal: String? = nil,
        _ parse: (String) throws(TextError) -> Value
    ) throws(CommandFailure) -> [Value] {
        try value(question, proposing: proposal) { text throws(TextError) in
            // A label has commas of its own.
            let parts = text.hasPrefix("label:") ? [Substring(text)] : text.split(separator: ",")
            var values: [Value] = []
            for part in parts { values.append(try parse(part.filter { $0 != " " })) }
            return values
        }
    }

    private func value<Value>(
        _ question: String,
        proposing proposal: String? = nil,
        _ parse: (String) throws(TextError) -> Value
    ) throws(CommandFailure) -> Value {
        let prompt = question + (proposal.map { " [\($0)]" } ?? "") + ": "
        for _ in 0..<Self.attempts {
            guard let text = answer(prompt) else { break }
            let words = text.isEmpty ? proposal ?? "" : text
            guard !words.isEmpty else { continue }
            do throws(TextError) {
                return try parse(words)
            } catch {
                console.note("jitgate: \(DisplayText.safe(error.description))")
            }
        }
        throw CommandFailure(.usage, "no answer to: \(question)")
    }
}
