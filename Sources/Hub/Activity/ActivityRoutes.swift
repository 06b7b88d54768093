import Grants
import HTTPTypes
import HubStorage
import Hummingbird
import StrictJSON
import Transparency

/// The hub's log for readers, and its proofs (docs/PROTOCOL.hub, sections 6 and 8).
struct ActivityRoutes: HubRoutes {
    private static let filters = ["event", "request", "host", "actor", "since", "until"]
    private static let columns = ["position", "time", "event", "request", "host", "actor", "text"]

    let parts: HubParts

    func add(to router: Router<HubContext>) {
        router.get("/v1/activity") { request, context in try await list(request, context) }
        router.get("/v1/key") { _, _ in HubAnswer.text("\(parts.logKey.publicKey)\n") }
        router.get("/v1/checkpoint") { _, context in
            _ = try context.caller(may: .login)
            return HubAnswer.text(try await checkpoint().note)
        }
        router.get("/v1/proof") { request, context in
            _ = try context.caller(may: .login)
            return try await proof(request)
        }
    }

    private func list(_ request: Request, _ context: HubContext) async throws -> Response {
        let person = try context.caller(may: .login)
        let list = try ListQuery(request, known: Self.filters)
        let query = try query(list, person)
        let entries = try await parts.database.read { statements throws(StorageError) in
            try query.entries(in: statements)
        }
        if try list.wantsCSV { return CSVRows.answer(Self.columns, entries.map(Self.cells)) }
        let next = entries.count < query.limit ? nil : entries.last.map { String($0.position) }
        return HubAnswer.json([
            "activity": .array(entries.map(\.json)), "next": .optional(next),
        ])
    }

    private func query(_ list: ListQuery, _ person: Person) throws(HubError) -> ActivityQuery {
        ActivityQuery(
            event: list["event"],
            request: list["request"],
            host: list["host"],
            actor: list["actor"],
            since: try list.moment("since"),
            until: try list.moment("until"),
            before: try list.cursor,
            concerning: person.may(.audit) ? nil : person.name,
            limit: try list.limit
        )
    }

    private static func cells(_ entry: StoredActivity) -> [String] {
        [
            String(entry.position), entry.time.description, entry.event, entry.request ?? "",
            entry.host ?? "", entry.actor ?? "", entry.text,
        ]
    }

    private func checkpoint() async throws -> (note: String, tree: MerkleTree) {
        let tree = try await parts.database.read { statements throws(StorageError) in
            try ActivityRecords(statements: statements).tree()
        }
        return (try parts.logKey.checkpoint(over: tree), tree)
    }

    private func proof(_ request: Request) async throws -> Response {
        let query = try ListQuery(request, known: ["position"])
        let (note, tree) = try await checkpoint()
        guard let text = query["position"], let position = UInt64(text), position < tree.size else {
            throw HubError(.notFound, "the log has no such entry", "see /v1/activity")
        }
        let leaves = try await parts.database.read { statements throws(StorageError) in
            try ActivityRecords(statements: statements).leaves(Int64(tree.size))
        }
        let hashes = leaves.inclusionProof(of: Int(position), in: Int(tree.size))
        return HubAnswer.text(InclusionProof(index: position, hashes: hashes, note: note).text)
    }
}

extension StoredActivity {
    /// The entry as it is in the log.
    var json: JSONValue { (try? JSONNode.parse(record))?.value ?? .null }
}
