import Grants
import HubStorage
import Hummingbird
import Signatures
import StrictJSON

/// GET /v1/people (docs/PROTOCOL.hub, section 6).
struct PeopleRoutes: HubRoutes {
    private static let columns = ["name", "may", "keys", "last_login", "requests", "approvals"]

    let parts: HubParts

    func add(to router: Router<HubContext>) {
        router.get("/v1/people") { request, context in try await list(request, context) }
    }

    private func list(_ request: Request, _ context: HubContext) async throws -> Response {
        _ = try context.caller(may: .login)
        let query = try ListQuery(request, known: [])
        let (start, limit) = (Int(try query.cursor ?? 0), try query.limit)
        let all = try await people()
        let shown = all.dropFirst(start).prefix(limit)
        if try query.wantsCSV { return CSVRows.answer(Self.columns, shown.map(\.cells)) }
        let end = start + shown.count
        return HubAnswer.json([
            "people": .array(shown.map(\.json)),
            "next": .optional(end < all.count ? String(end) : nil),
        ])
    }

    /// All people by their names: those of several keys once.
    func people() async throws -> [PersonRow] {
        let now = parts.now()
        let numbers = try await parts.database.read { statements throws(StorageError) in
            try PersonNumbers(statements)
        }
        var rows: [String: PersonRow] = [:]
        for person in parts.people.all {
            let may = Permission.allCases.filter {
                person.may($0.rawValue, named: person.name, at: now)
            }
            var row = rows[person.name] ?? PersonRow(person.name, numbers)
            row.permissions.formUnion(may)
            row.keys.append(person.identity.fingerprint)
            rows[person.name] = row
        }
        return rows.values.sorted { $0.name < $1.name }
    }
}

/// A person of the hub, and what they have done.
struct PersonRow: Hashable, Sendable {
    let name: String
    var permissions: Set<Permission> = []
    var keys: [String] = []
    let lastLogin: Moment?
    let requests: Int64
    let approvals: Int64

    fileprivate init(_ name: String, _ numbers: PersonNumbers) {
        self.name = name
        lastLogin = numbers.logins[name].map { Moment(microseconds: $0) }
        requests = numbers.requests[name] ?? 0
        approvals = numbers.approvals[name] ?? 0
    }

    private var may: [String] { permissions.map(\.rawValue).sorted() }

    var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("name", .string(name)), .init("may", .array(may.map(JSONValue.string))),
            .init("keys", .array(keys.sorted().map(JSONValue.string))),
        ]
        if let lastLogin {
            members.append(.init("last_login", .string(lastLogin.wholeSecond.description)))
        }
        members.append(.init("requests", .integer(requests)))
        members.append(.init("approvals", .integer(approvals)))
        return .object(members)
    }

    var cells: [String] {
        [
            name, may.joined(separator: " "), keys.sorted().joined(separator: " "),
            lastLogin?.wholeSecond.description ?? "", String(requests), String(approvals),
        ]
    }
}

/// The numbers of all people, by their names.
private struct PersonNumbers: Sendable {
    let logins: [String: Int64]
    let requests: [String: Int64]
    let approvals: [String: Int64]

    init(_ statements: any Statements) throws(StorageError) {
        logins = try Self.numbers(
            statements,
            "SELECT actor, MAX(time) FROM activity WHERE event = 'login' GROUP BY actor"
        )
        requests = try Self.numbers(
            statements,
            "SELECT asked_by, COUNT(*) FROM request GROUP BY asked_by"
        )
        approvals = try Self.numbers(
            statements,
            "SELECT signer, COUNT(*) FROM signature WHERE namespace = 'jitgate-grant' GROUP BY signer"
        )
    }

    private static func numbers(
        _ statements: any Statements,
        _ sql: String
    ) throws(StorageError) -> [String: Int64] {
        var numbers: [String: Int64] = [:]
        for row in try statements.rows(sql, []) {
            numbers[try row.text(0)] = try row.integer(1)
        }
        return numbers
    }
}
