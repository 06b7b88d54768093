import Conditions
import AgentSettings
import Linux
import SystemPackage

/// The clock, the log's disk and the journal.
struct HostCheck {
    private(set) var results: [CheckResult] = []

    init(_ configuration: Configuration) {
        results.append(Self.clock)
        results += DiskCheck(configuration).results
        results.append(Self.journal)
    }

    private static var clock: CheckResult {
        do throws(Errno) {
            return try ClockCondition.read().isSynchronized
                ? .passed(.clock, "synchronised") : .found(AgentConditions.clockUnsynchronized())
        } catch {
            return .found(AgentConditions.clockUnseen(because: "\(error)"))
        }
    }

    private static var journal: CheckResult {
        FileKind.isSocket(JournalSocket.systemPath)
            ? .passed(.journal, "journald takes copies of the records")
            : .found(AuditConditions.journalAbsent(JournalSocket.systemPath))
    }
}
