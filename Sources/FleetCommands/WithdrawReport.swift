import CommandSupport
import Depot
import Grants
import Publishing
import StrictJSON

/// The answer of `jitgate-fleet withdraw`.
struct WithdrawReport {
    let withdrawal: Withdrawal
    /// The name of the depot.
    let depot: String
    /// The reason why not all could be done.
    let failure: CommandFailure?

    /// True if every file that was named is off its shelves.
    var isComplete: Bool { withdrawal.items.allSatisfy { $0.result == .withdrawn } }

    func show(on console: Console) {
        for item in withdrawal.items {
            let colour: Console.Colour = item.result == .withdrawn ? .green : .red
            let word = console.paint(item.result.rawValue, colour)
            console.print("\(word)  \(item.name): \(text(item))")
        }
        if !withdrawal.dropped.isEmpty {
            console.note(
                "took \(withdrawal.dropped.count.counting("line")) off whose files are over"
            )
        }
        guard withdrawal.items.contains(where: { $0.kind == "grant" && $0.result == .withdrawn })
        else { return }
        console.note("hosts that have taken a grant keep it: a revocation ends it")
    }

    private func text(_ item: Withdrawal.Item) -> String {
        switch item.result {
        case .withdrawn: "\(item.kind ?? "file") off \(DisplayText.list(item.shelves))"
        case .failed: "not off all of its shelves"
        case .absent, .refused: reason(item) ?? ""
        }
    }

    private func reason(_ item: Withdrawal.Item) -> String? {
        switch item.result {
        case .withdrawn: nil
        case .failed: failure?.message
        case .absent: "it is on no shelf that was looked at; name its shelf, or the file itself"
        case .refused:
            "it is a revocation, which hosts that have not taken it need; --revocations withdraws it"
        }
    }

    var json: JSONValue {
        [
            "depot": .string(depot), "complete": .bool(failure == nil && isComplete),
            "files": .array(withdrawal.items.map(json)),
            "dropped": .array(dropped.map(JSONValue.string)),
            "error": .optional(failure?.message),
        ]
    }

    private func json(_ item: Withdrawal.Item) -> JSONValue {
        [
            "id": .string(item.name), "result": .string(item.result.rawValue),
            "kind": .optional(item.kind), "sha256": .optional(item.digest?.description),
            "shelves": .array(item.shelves.map { .string($0.description) }),
            "reason": .optional(reason(item)),
        ]
    }

    var csv: CSVTable {
        let columns = ["id", "result", "kind", "sha256", "shelves", "reason"]
        let rows = withdrawal.items.map { item in
            [
                item.name, item.result.rawValue, item.kind ?? "", item.digest?.description ?? "",
                DisplayText.list(item.shelves), reason(item) ?? "",
            ]
        }
        let dropped = dropped.map { [$0, "dropped", "", "", "", "it is over"] }
        return CSVTable(columns: columns, rows: rows + dropped)
    }

    private var dropped: [String] { withdrawal.dropped.map { "\($0.name).grant" }.sorted() }
}
