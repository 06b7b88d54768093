import AgentInterface
import ArgumentParser
import CommandSupport
import Conditions
import Grants

struct StatusCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say how the agent is: mode, health, what is open and until when.",
        discussion: """
              jitgate status
              jitgate status --json | jq .healthy
            """
    )

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func perform(on console: Console) throws(CommandFailure) {
        let session = try policy.session(console)
        let status = try session.ask(AgentInterface.status)
        guard !format.json else { return console.print(json: status.jsonValue) }
        StatusReport(status: status, now: console.now()).lines(console).forEach(console.print)
    }
}

/// A status as people read it.
struct StatusReport {
    let status: AgentStatus
    let now: Moment

    func lines(_ console: Console) -> [String] {
        var table = Table()
        table.add(["mode", "\(status.mode)\(trial)"])
        let errors = status.conditions.count { $0.severity == .error }
        table.add(["health", errors == 0 ? "ok" : "\(errors) to look at"])
        table.add(["open", "\(status.openGrants)\(next)"])
        table.add(["waiting", "\(status.waitingGrants)"])
        if let held = status.heldTime { table.add(["clock", DisplayText.safe(held.text)]) }
        if status.drainingGrants + status.ongoingSessions > 0 {
            table.add(["draining", "\(status.drainingGrants)\(ongoing)"])
        }
        table.add(["protected", list(status.protectedPorts)])
        table.add(["trusted", list(status.trusted)])
        if let bulletin = status.bulletin { table.add(["bulletin", text(of: bulletin)]) }
        table.add(["records", "\(status.records)"])
        // If others can change the table, strangers get in until it is repaired.
        let note =
            status.tableOwnership == "owned"
            ? "" : ": what others change is undone within milliseconds"
        table.add(["agent", "\(status.version), table \(status.tableOwnership)\(note)"])
        let shown = status.conditions.filter { $0.severity > .note }
        let found = shown.flatMap { condition in
            let line = console.paint("  - \(DisplayText.safe(condition.message))", .yellow)
            return [line] + (condition.remedy.map { ["    mend: \(DisplayText.safe($0))"] } ?? [])
        }
        return Array(table.lines.prefix(2)) + found + table.lines.dropFirst(2)
    }

    private func list(_ items: [some CustomStringConvertible]) -> String {
        items.isEmpty ? "none" : DisplayText.list(items)
    }

    private func text(of bulletin: AgentStatus.FleetBulletin) -> String {
        let age = bulletin.issued.map { issued in
            let seconds = (now - issued).components.seconds
            let text = DisplayText.span(seconds: Int(seconds.magnitude))
            return "issued \(seconds < 0 ? "\(text) ahead" : "\(text) ago")"
        }
        let keys =
            bulletin.revokedKeys == 0
            ? "" : "; \(bulletin.revokedKeys.counting("key")) revoked"
        let stale = bulletin.isStale ? ": stale, so grants from inboxes wait" : ""
        let fleet = DisplayText.safe(bulletin.fleet)
        return "\(age ?? "none has come") of \(fleet)\(stale)\(keys)"
    }

    private var ongoing: String {
        let count = status.ongoingSessions
        return count == 0 ? "" : ", \(count.counting("session")) may go on without a grant"
    }

    private var trial: String {
        guard let end = status.trialUntil else { return "" }
        return ", on trial until \(DisplayText.moment(end)): keep it with `jitgate confirm`"
    }

    private var next: String {
        guard let deadline = status.nextDeadline else { return "" }
        let left = max(0, (deadline - now).components.seconds)
        return ", the first until \(deadline.wholeSecond) (\(DisplayText.span(seconds: Int(left))))"
    }
}
