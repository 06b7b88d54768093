import Admission
import Attestation
import CommandSupport
import Conditions
import Depot
import Grants
import Posture
import StrictJSON

/// The hosts of a fleet for people, programs and spreadsheets.
struct PostureView {
    let fleet: FleetPosture

    /// A line with the counts of the states.
    var summary: String {
        let states = fleet.counts.map { "\($0.count) \($0.state.rawValue)" }.joined(separator: ", ")
        let open = fleet.hosts.compactMap { $0.verified?.openCount }.reduce(0, +)
        return "\(fleet.hosts.count.counting("host")): \(states); \(open.counting("open grant"))"
    }

    /// A table of hosts.
    func table(_ hosts: [HostPosture], on console: Console) -> [String] {
        var table = Table(
            header: ["HOST", "STATE", "OPEN", "AGE", "BULLETIN", "VERSION", "POLICY", "REMARKS"]
        )
        for host in hosts {
            table.add([
                host.host.description, host.state.rawValue, host.openText, host.ageText,
                host.bulletinText,
                host.verified?.host.version ?? "-",
                host.verified.map { String($0.digests.policy.prefix(8)) } ?? "-", host.remarks,
            ])
        }
        return table.lines
    }

    static let columns = [
        "host", "group", "state", "healthy", "reason", "mode", "open", "age_seconds", "time",
        "version", "policy", "signers", "trusted", "table_ownership", "kernel", "log_size",
        "conditions", "code",
    ]

    var csv: CSVTable { CSVTable(columns: Self.columns, rows: fleet.hosts.map(\.cells)) }

    var json: JSONValue {
        [
            "healthy": .bool(fleet.isHealthy),
            "states": .object(
                fleet.counts.map { .init($0.state.rawValue, .integer(Int64($0.count))) }
            ),
            "hosts": .array(fleet.hosts.map(\.json)),
        ]
    }
}

extension HostPosture {
    /// The words of the host, if it may be believed.
    var verified: HostStatus? { status }

    var ageText: String {
        age.map { DisplayText.span(seconds: max(0, Int($0.components.seconds))) } ?? "-"
    }

    /// The age that the newest bulletin of the host had when it said so.
    var bulletinText: String {
        guard let status, let issued = status.bulletin?.issued else { return "-" }
        return DisplayText.span(
            seconds: max(0, Int((status.instant.time - issued).components.seconds))
        )
    }

    var openText: String { status.map { "\($0.openCount)" } ?? "-" }

    /// The reason for the state, and the codes of the conditions that are errors or warnings.
    var remarks: String {
        let codes = (status?.conditions ?? []).filter { $0.severity != .note }.map(\.code)
            .filter { $0 != code }
        return (([reason].compactMap(\.self)) + codes).joined(separator: ", ")
    }

    fileprivate var cells: [String] {
        let conditions = (status?.conditions ?? []).map { "\($0.severity.rawValue) \($0.code)" }
        return [
            host.description, group, state.rawValue, isHealthy ? "yes" : "no", reason ?? "",
            status?.mode.rawValue ?? "", status.map { "\($0.openCount)" } ?? "",
            age.map { "\($0.components.seconds)" } ?? "",
            status?.instant.time.description ?? "", status?.host.version ?? "",
            status?.digests.policy ?? "", status?.digests.signers ?? "",
            (status?.trusted ?? []).map(\.description).joined(separator: "; "),
            status?.host.tableOwnership ?? "", status?.host.kernel ?? "",
            size.map { "\($0)" } ?? "", conditions.joined(separator: "; "), code ?? "",
        ]
    }

    var json: JSONValue {
        [
            "host": .string(host.description), "group": .string(group),
            "state": .string(state.rawValue), "healthy": .bool(isHealthy),
            "reason": .optional(reason), "code": .optional(code),
            "age_seconds": age.map { .integer($0.components.seconds) } ?? .null,
            "log_size": size.map { .integer(Int64(clamping: $0)) } ?? .null,
            "status": status?.jsonValue ?? .null,
        ]
    }
}
