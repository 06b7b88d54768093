import CommandSupport
import Grants
import StrictJSON

/// The wait for a request until it is open.
struct RequestWait {
    let client: HubClient
    let id: GrantID
    /// The longest wait; `nil`: until the request is over.
    let limit: Duration?
    let console: Console

    /// Waits until the request is open on `host`, or on all hosts that would take it.
    func untilOpen(on host: String? = nil) throws(CommandFailure) -> HubRequest {
        let begun = ContinuousClock.now
        var last = ""
        let events = HubEvents(client, elseEvery: .seconds(3))
        var pause = Self.shortest
        defer { console.progress?("") }
        while true {
            let request = try HubRequest(client.get("/v1/requests/\(id)"), from: client.url)
            if Self.isOpen(request, on: host) { return request }
            try Self.requireHope(request, on: host)
            let line = DisplayText.safe(Self.progress(request))
            if let progress = console.progress {
                progress(line)
            } else if line != last {
                console.note("jitgate-fleet: \(line)")
            }
            last = line
            let waited = ContinuousClock.now - begun
            if let limit, waited >= limit { throw timeout() }
            let left = limit.map { $0 - waited } ?? Self.longest
            // What hosts report may be shown a moment after its event: the next looks come soon.
            let isNews = events.wait(atMost: max(Self.shortest, min(pause, left)))
            pause = isNews ? Self.shortest : min(pause * 2, Self.longest)
        }
    }

    /// The times between two looks while nothing is told.
    private static let shortest: Duration = .seconds(1)
    private static let longest: Duration = .seconds(64)

    static func isOpen(_ request: HubRequest, on host: String?) -> Bool {
        if let host { return request.outlook.contains { $0.host == host && $0.openSince != nil } }
        let willing = request.outlook.filter(\.isWilling)
        return request.state == "open" && willing.allSatisfy { $0.openSince != nil }
    }

    /// Ends the wait for what cannot open any more.
    private static func requireHope(
        _ request: HubRequest,
        on host: String?
    ) throws(CommandFailure) {
        if let decision = request.decision {
            throw CommandFailure(.no, "\(request.id) was \(HubRequestView.words(decision))")
        }
        guard !request.isOver else {
            let lines = request.outlook.filter { $0.refusal != nil }
                .map { "\($0.host): \($0.summary)" }
            let what = request.state == "lapsed" ? "has lapsed: nobody answered" : "has ended"
            throw CommandFailure(
                .no,
                (["\(request.id) \(what)"] + lines).joined(separator: "\n")
            )
        }
        let refusals = request.outlook.filter { host == nil || $0.host == host }
        guard refusals.isEmpty || refusals.contains(where: { $0.refusal == nil }) else {
            let lines = refusals.map { "\($0.host): \($0.summary)" }
            throw CommandFailure(.no, lines.joined(separator: "\n"))
        }
    }

    private static func progress(_ request: HubRequest) -> String {
        let open = request.outlook.count { $0.openSince != nil }
        let needs = request.outlook.max { $0.needs < $1.needs }
        switch request.state {
        case "open": return "open on \(open) of \(request.outlook.count.counting("host"))"
        case "pending": return "pending: \(needs?.summary ?? "waits for approvals")"
        default: return "\(request.state): waits for \(request.outlook.count.counting("host"))"
        }
    }

    private func timeout() -> CommandFailure {
        CommandFailure(
            .temporary,
            "\(id) is not open yet, and the time to wait is over",
            hints: ["it stays requested: jitgate requests \(id); jitgate withdraw \(id)"]
        )
    }
}

/// The people who may answer a request.
struct AskedPeople {
    private let patterns: [String]
    private let names: [String]

    init(_ request: HubRequest, _ client: HubClient) throws(CommandFailure) {
        let missing = request.outlook.filter { $0.needs > 0 }
        patterns = missing.flatMap(\.from).reduce(into: []) { names, name in
            if !names.contains(name) { names.append(name) }
        }
        guard !missing.isEmpty, patterns.isEmpty else {
            names = []
            return
        }
        let rows = try client.get("/v1/people?limit=1000")["people"]?.items ?? []
        names = rows.filter { ($0["may"]?.items ?? []).contains("jitgate-grant") }
            .compactMap { $0["name"]?.text }.filter { $0 != request.askedBy }
    }

    /// The most names that are listed.
    private static let most = 8

    /// The people in words; `nil` if nobody has to be asked.
    var text: String? {
        let all = patterns.isEmpty ? names : patterns
        guard !all.isEmpty else { return nil }
        let rest = all.count > Self.most ? " and \(all.count - Self.most) others" : ""
        return all.prefix(Self.most).joined(separator: ", ") + rest
    }
}
