import ArgumentParser
import Attestation
import CommandSupport
import Depot
import Grants
import Posture
import StrictJSON

struct ListCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the grants that are open on all hosts, by the statuses that they signed.",
        discussion: """
            A grant that is open on several hosts is a line for each. Hosts that are silent show what \
            they last said.

              jitgate-fleet list
              jitgate-fleet list --csv > open.csv
            """
    )

    @OptionGroup var fleet: FleetOptions
    @OptionGroup var format: FleetFormat

    func perform(on console: Console) throws(CommandFailure) {
        let posture = try fleet.fleet(console).posture(console)
        let rows = posture.hosts.flatMap { host in
            (host.status?.grants.open ?? []).map { OpenRow(host: host, grant: $0) }
        }
        let table = CSVTable(columns: OpenRow.columns, rows: rows.map(\.cells))
        format.write(json: .array(rows.map(\.json)), csv: table, on: console)
        if format.isText { show(rows, posture, on: console) }
    }

    private func show(_ rows: [OpenRow], _ posture: FleetPosture, on console: Console) {
        let leftOut = posture.hosts.compactMap { $0.status?.leftOut[.open] }.reduce(0, +)
        if rows.isEmpty {
            console.print("no grant is open")
        } else {
            var table = Table(header: [
                "HOST", "GRANT", "REQUESTOR", "FROM", "TO", "LEFT", "SIGNERS",
            ])
            for row in rows { table.add(row.line(at: console.now())) }
            table.lines.forEach(console.print)
        }
        if leftOut > 0 { console.note("\(leftOut.counting("grant")) found no room in a status") }
        let unheard = posture.hosts.filter { $0.status == nil && $0.state != .retired }
        if !unheard.isEmpty {
            console.note("nothing is known of \(unheard.count.counting("host"))")
        }
    }
}

/// A grant that is open on a host.
private struct OpenRow {
    let host: HostPosture
    let grant: HostStatus.OpenGrant

    static let columns = [
        "host", "state", "grant", "requestor", "signers", "sources", "ports", "opened", "deadline",
        "ticket", "sha256",
    ]

    var cells: [String] {
        [
            host.host.description, host.state.rawValue, grant.id.description, grant.requestor,
            grant.signers.joined(separator: "; "), Self.text(grant.sources, "; "),
            Self.text(grant.ports, "; "), grant.opened.description, grant.deadline.description,
            grant.ticket ?? "", grant.digest,
        ]
    }

    func line(at now: Moment) -> [String] {
        let left = Int((grant.deadline - now).components.seconds)
        return [
            host.host.description, grant.id.description, grant.requestor,
            Self.text(grant.sources, ", "), Self.text(grant.ports, ", "),
            left > 0 ? DisplayText.span(seconds: left) : "ended",
            grant.signers.joined(separator: ", "),
        ]
    }

    private static func text(_ items: [some CustomStringConvertible], _ separator: String) -> String
    {
        items.map(\.description).joined(separator: separator)
    }

    var json: JSONValue {
        let texts = { (items: [String]) in JSONValue.array(items.map(JSONValue.string)) }
        return [
            "host": .string(host.host.description), "state": .string(host.state.rawValue),
            "id": .string(grant.id.description), "sha256": .string(grant.digest),
            "requestor": .string(grant.requestor), "signers": texts(grant.signers),
            "sources": texts(grant.sources.map(\.description)),
            "ports": texts(grant.ports.map(\.description)),
            "opened": .string(grant.opened.description),
            "deadline": .string(grant.deadline.description),
            "ticket": .optional(grant.ticket),
        ]
    }
}
