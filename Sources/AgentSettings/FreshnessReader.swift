import Admission
import Grants
import StrictTOML

/// Reads `[freshness]`: the fleet whose bulletins count, and how old the newest may be.
struct FreshnessReader {
    /// A bulletin comes every five minutes: two in a row may fail to.
    private static let shortest = Duration.seconds(15 * 60)

    let file: TOMLTable
    /// The inboxes, which staleness is about.
    let inboxes: [Inbox]

    func rule() -> FreshnessRule? {
        let table = file.value("freshness") { setting throws(TOMLValue.Refusal) in
            try setting.table()
        }
        guard let table else { return nil }
        let freshness = TOMLTable(table, at: file.path["freshness"], findings: file.findings)
        freshness.refuseAllBut(["fleet", "max_staleness"])
        let fleet = freshness.value("fleet") { setting throws(TOMLValue.Refusal) in
            let text = try setting.string()
            guard (try? FleetName.checked(text)) != nil else {
                throw TOMLValue.Refusal("is \(QuotedText(text))", FleetName.grammar)
            }
            return text
        }
        let limit =
            freshness.value("max_staleness") { setting throws(TOMLValue.Refusal) in
                try Self.limit(setting)
            } ?? nil
        if !freshness.has("fleet") {
            freshness.refuse("fleet", "is missing", "name the fleet whose bulletins count")
        }
        if limit != nil, inboxes.isEmpty {
            let remedy = "add an [[inbox]], or leave this out"
            freshness.refuse("max_staleness", "is about inboxes, and there is none", remedy)
        }
        return fleet.map { FreshnessRule(fleet: $0, maxStaleness: limit) }
    }

    /// A time, or `"never"`, which is `nil`.
    private static func limit(_ setting: TOMLValue) throws(TOMLValue.Refusal) -> Duration? {
        if case .string("never") = setting { return nil }
        do throws(TOMLValue.Refusal) {
            return try setting.span(in: shortest...ConfigurationReader.waits.upperBound)
        } catch {
            throw TOMLValue.Refusal(error.reason, "\(error.remedy), or \"never\"")
        }
    }
}
