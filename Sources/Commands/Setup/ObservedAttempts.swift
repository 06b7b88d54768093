import Auditing
import CommandSupport
import AgentSettings
import Grants
import Recording
import Reporting

/// The sources whose packets enforcing would have denied, as the log of the last days has them.
struct ObservedAttempts {
    private static let days: Int64 = 7
    private static let bound = 10

    private var sources: [String: DeniedSource] = [:]

    init(_ configuration: Configuration, at now: Moment) throws(CommandFailure) {
        let start = Moment(microseconds: now.microseconds - Self.days * 86_400_000_000)
        do {
            var found: [String: DeniedSource] = [:]
            try AuditLogFile.forEachLine(AuditLogFile.path(configuration)) { line in
                guard let record = Record(scanning: line), record.stamp.realtime >= start else {
                    return
                }
                for (address, count) in DeniedSource.attempts(of: record) {
                    found[address, default: DeniedSource(address: address, at: start)]
                        .take(count, record, observing: true)
                }
            }
            sources = found
        } catch {
            throw CommandFailure(.noInput, "\(error)", hints: ["try sudo"])
        }
    }

    /// A table for people.
    var lines: [String] {
        guard !sources.isEmpty else {
            return ["in the last \(Self.days) days nobody came in whom enforcing would have denied"]
        }
        let most = sources.values.sorted(by: DeniedSource.hasMoreAttempts)
        var table = Table()
        table.add(["SOURCE", "PORTS", "ATTEMPTS", "LAST"])
        for source in most.prefix(Self.bound) {
            table.add([
                DisplayText.safe(source.address),
                source.ports.sorted().map(DisplayText.safe).joined(separator: ","),
                "\(source.attempts)", "\(source.last.wholeSecond)",
            ])
        }
        let rest = most.count - Self.bound
        return ["without a grant, enforcing would have denied in the last \(Self.days) days:"]
            + table.lines.map { "  " + $0 }
            + (rest > 0 ? ["  and \(rest.counting("source")) more: jitgate audit show"] : [])
    }
}
