import Attestation
import CommandSupport
import Depot
import Grants
import Posture
import StrictJSON

/// The answer of `jitgate-fleet notify`.
struct NotifyReport {
    let notices: [(notice: Notice, result: Notice.Result, reason: String?)]
    let untold: Set<String>

    /// True if no program failed.
    var isComplete: Bool { notices.allSatisfy { $0.result != .failed } }

    func show(on console: Console) {
        for (notice, result, reason) in notices {
            let colour: Console.Colour = result == .failed ? .red : .green
            let what = "\(notice.signer): \(notice.grant.id) on \(notice.host.host)"
            let why = reason.map { ": \($0)" } ?? ""
            console.print(
                "\(console.paint(result.rawValue, colour))  \(DisplayText.safe(what + why))"
            )
        }
        guard !untold.isEmpty else { return }
        let names = DisplayText.safe(untold.sorted().joined(separator: ", "))
        console.note("no [[notify]] names \(names)")
    }

    var json: JSONValue {
        [
            "complete": .bool(isComplete),
            "notices": .array(
                notices.map { item in
                    .object(
                        item.notice.members + [
                            .init("result", .string(item.result.rawValue)),
                            .init("reason", .optional(item.reason)),
                        ]
                    )
                }
            ),
            "unaddressed": .array(untold.sorted().map(JSONValue.string)),
        ]
    }

    var csv: CSVTable {
        let columns = [
            "signer", "host", "id", "requestor", "opened", "deadline", "result", "reason",
        ]
        let rows = notices.map { item in
            [
                item.notice.signer, item.notice.host.host.description,
                item.notice.grant.id.description, item.notice.grant.requestor,
                item.notice.grant.opened.description, item.notice.grant.deadline.description,
                item.result.rawValue, item.reason ?? "",
            ]
        }
        return CSVTable(columns: columns, rows: rows)
    }
}
