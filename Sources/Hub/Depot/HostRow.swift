import Attestation
import Conditions
import Depot
import Grants
import Posture
import StrictJSON

/// A row of the posture page: a host, as `jitgate-fleet status` shows it, and who has used it.
struct HostRow: Hashable, Sendable {
    let posture: HostPosture
    /// The number of openings in seven days.
    let uses: Int
    let lastUser: String?
    let lastUse: Moment?
    /// The time at which its checkpoint was verified.
    let checked: Moment?

    init(_ posture: HostPosture, _ use: HostUse, at now: Moment) {
        self.posture = posture
        uses = use.count(at: now)
        (lastUser, lastUse) = (use.lastUser, use.lastUse)
        checked = posture.age.map { now + (.zero - $0) }
    }

    private var status: HostStatus? { posture.status }

    static let columns = [
        "host", "group", "state", "reason", "open", "requests_7d", "last_user", "last_use",
        "conditions", "checkpoint_size", "checkpoint_at", "table_ownership", "version", "trusted",
        "age",
    ]

    /// The row of a spreadsheet.
    var cells: [String] {
        let conditions = (status?.conditions ?? []).map { "\($0.severity.rawValue) \($0.code)" }
        return [
            posture.host.description, posture.group, posture.state.rawValue, posture.reason ?? "",
            "\(status?.openCount ?? 0)", "\(uses)", lastUser ?? "", lastUse?.description ?? "",
            conditions.joined(separator: "; "), posture.size.map { "\($0)" } ?? "",
            checked?.description ?? "", status?.host.tableOwnership ?? "",
            status?.host.version ?? "",
            (status?.trusted ?? []).map(\.description).joined(separator: "; "),
            posture.age.map { "\($0.components.seconds)" } ?? "",
        ]
    }

    var json: JSONValue { .object(members(status?.jsonValue)) }

    /// The row with the ports of the host, its open grants, and all that it said.
    var details: JSONValue {
        let said = status?.jsonValue
        return .object(
            members(said) + [
                .init("ports", said?["ports"] ?? .array([])),
                .init("grants", said?["open"] ?? .array([])),
                .init("status", said ?? .null),
            ]
        )
    }

    /// The members of the row; `said` is the status, as the host wrote it.
    private func members(_ said: JSONValue?) -> [JSONValue.Member] {
        [
            .init("host", .string(posture.host.description)),
            .init("group", .optional(posture.group.isEmpty ? nil : posture.group)),
            .init("state", .string(posture.state.rawValue)),
            .init("healthy", .bool(posture.isHealthy)),
            .init("reason", .optional(posture.reason)), .init("code", .optional(posture.code)),
            .init("open", .integer(Int64(status?.openCount ?? 0))),
            .init("requests_7d", .integer(Int64(uses))), .init("last_user", .optional(lastUser)),
            .init("last_use", .optional(lastUse?.description)),
            .init("conditions", said?["conditions"] ?? .array([])),
            .init(
                "checkpoint_size",
                posture.size.map { .integer(Int64(clamping: $0)) } ?? .null
            ),
            .init("checkpoint_at", .optional(checked?.description)),
            .init("table_ownership", .optional(status?.host.tableOwnership)),
            .init("version", .optional(status?.host.version)),
            .init("trusted", said?["trusted"] ?? .array([])),
            .init("age", posture.age.map { .integer($0.components.seconds) } ?? .null),
        ]
    }
}

/// The hosts that are asked for.
struct HostFilter: Hashable, Sendable {
    var state: HostPosture.State?
    var group: String?
    /// The code of a condition that they report.
    var condition: String?
    /// A part of their names, in lower case.
    var name: String?

    func takes(_ host: HostPosture) -> Bool {
        if let state, host.state != state { return false }
        if let group, host.group != group { return false }
        if let name, !host.host.description.contains(name) { return false }
        guard let condition else { return true }
        return host.status?.conditions.contains { $0.code == condition } ?? false
    }
}
