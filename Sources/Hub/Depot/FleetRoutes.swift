import Depot
import Grants
import HTTPTypes
import HubSettings
import HubStorage
import Hummingbird
import Linux
import Posture
import StrictJSON

/// The posture of the fleet and its inventory (docs/PROTOCOL.hub, sections 5 and 6).
struct FleetRoutes: HubRoutes {
    private static let tokenLimit = 4096

    let parts: HubParts

    func add(to router: Router<HubContext>) {
        router.get("/v1/hosts") { request, context in try await hosts(request, context) }
        router.get("/v1/hosts/:host") { request, context in try await host(request, context) }
        router.get("/v1/inventory") { request, context in try await inventory(request, context) }
        router.put("/v1/inventory/:source") { request, context in
            try await putInventory(request, context)
        }
    }

    // MARK: hosts

    private func hosts(_ request: Request, _ context: HubContext) async throws -> Response {
        _ = try context.caller()
        let query = try ListQuery(request, known: ["state", "group", "condition", "q"])
        let filter = try Self.filter(query)
        let rows = await parts.depot.fleet.rows().filter { filter.takes($0.posture) }
        let (page, next) = try Self.page(rows, query)
        guard try !query.wantsCSV else {
            return HubAnswer.csv(HostRow.columns, page.map(\.cells))
        }
        return HubAnswer.json(["hosts": .array(page.map(\.json)), "next": next])
    }

    private static func filter(_ query: ListQuery) throws(HubError) -> HostFilter {
        var filter = HostFilter()
        if let text = query["state"] {
            guard let state = HostPosture.State(rawValue: text) else {
                let known = HostPosture.State.allCases.map(\.rawValue).joined(separator: ", ")
                throw HubError(.malformed, "there is no such state", "the states are \(known)")
            }
            filter.state = state
        }
        (filter.group, filter.condition) = (query["group"], query["condition"])
        filter.name = query["q"]?.lowercased()
        return filter
    }

    /// The elements that a query asks for, and the cursor of those that follow.
    private static func page<Element>(
        _ all: [Element],
        _ query: ListQuery
    ) throws(HubError) -> ([Element], JSONValue) {
        let start = Int(clamping: try query.cursor ?? 0)
        let rest = all.dropFirst(start)
        let page = Array(rest.prefix(try query.limit))
        let isLast = page.count == rest.count
        return (page, isLast ? .null : .string(String(start + page.count)))
    }

    private func host(_ request: Request, _ context: HubContext) async throws -> Response {
        _ = try context.caller()
        guard let name = ShelfName(try context.part("host")),
            let row = await parts.depot.fleet.row(name)
        else {
            throw HubError(.notFound, "there is no such host", "GET /v1/hosts has all hosts")
        }
        return HubAnswer.json(row.details)
    }

    // MARK: the inventory

    private func inventory(_ request: Request, _ context: HubContext) async throws -> Response {
        _ = try context.caller()
        let query = try ListQuery(request, known: [])
        let (page, next) = try Self.page(await parts.depot.fleet.lines(), query)
        let cells = page.map { [$0.entry.host.description, $0.source, $0.entry.line] }
        let columns = ["host", "source", "line"]
        guard try !query.wantsCSV else { return HubAnswer.csv(columns, cells) }
        let lines = cells.map { line in
            JSONValue.object(zip(columns, line).map { .init($0, .string($1)) })
        }
        return HubAnswer.json(["inventory": .array(lines), "next": next])
    }

    private func putInventory(
        _ request: Request,
        _ context: HubContext
    ) async throws -> Response {
        try authenticate(request)
        guard let source = ShelfName(try context.part("source"))?.description,
            source != FleetInventory.fileSource
        else {
            throw HubError(.malformed, "this is no name of a source", ShelfName.grammar)
        }
        let entries = try await entries(request)
        let now = parts.now()
        try await parts.database.write { statements throws(StorageError) in
            try InventoryRecords(statements: statements).replace(source, by: entries)
            try ActivityRecords(statements: statements).append(
                ActivityEntry(
                    .inventory,
                    at: now,
                    actor: source,
                    "the inventory \(source) has \(entries.count.counting("host"))"
                )
            )
        }
        return HubAnswer.empty()
    }

    /// The lines of a call; another system brings no keys, which say whom to believe.
    private func entries(_ request: Request) async throws -> [Inventory.Entry] {
        let bytes = try await BodyReader.bytes(
            of: request,
            types: ["text/plain"],
            limit: Inventory.fileLimit
        )
        let entries: [Inventory.Entry]
        do throws(InventoryError) {
            entries = try Inventory(parsing: bytes).entries
        } catch {
            throw HubError(.malformed, error.description, "docs/PROTOCOL.fleet, section 7")
        }
        if let keyed = entries.first(where: \.isKeyed) {
            throw HubError(
                .notAllowed,
                "\(keyed.host) comes with a key",
                "keys are in the inventory file of the hub alone"
            )
        }
        return entries
    }

    private func authenticate(_ request: Request) throws(HubError) {
        guard let path = parts.configuration.hosts.inventoryToken else {
            throw HubError(
                .notAllowed,
                "this hub takes no inventory from other systems",
                "set [hosts] inventory_token in hub.toml"
            )
        }
        let words = request.headers[.authorization]?.split(separator: " ") ?? []
        guard let bytes = try? SmallFile.read(path, limit: Self.tokenLimit) else {
            throw HubError(
                .store,
                "the token of inventories cannot be read",
                "tell the hub's people"
            )
        }
        let token = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
        guard words.count == 2, words[0].lowercased() == "bearer", !token.isEmpty,
            Secret.isSame(String(words[1]), token)
        else { throw HubError.loginRequired }
    }
}

extension HubAnswer {
    /// An answer of rows as RFC 4180 has them.
    static func csv(_ columns: [String], _ rows: [[String]]) -> Response {
        let lines = ([columns] + rows).map { $0.map(cell).joined(separator: ",") + "\r\n" }
        return bytes(Array(lines.joined().utf8), "text/csv; charset=utf-8")
    }

    /// A cell; one that a spreadsheet would take for a formula is quoted by an apostrophe.
    private static func cell(_ text: String) -> String {
        let isFormula = text.first.map { "=+-@\t\r".contains($0) } ?? false
        let plain = isFormula ? "'" + text : text
        guard plain.contains(where: { ",\"\r\n".contains($0) || $0 == "\r\n" }) else {
            return plain
        }
        return "\"" + plain.replacing("\"", with: "\"\"") + "\""
    }
}
