import Auditing
import Enforcement
import Grants

/// The tampering that was noticed and is not recorded yet.
struct TamperReport: Sendable {
    /// The most process names that a record holds.
    private static let most = 8

    /// The number of times that each process was noticed.
    private var processes: [Tampering.Change: Int] = [:]
    private var lostEvents = false
    /// The number of repairs of the gate, and the longest time that one took.
    private var repairs = 0
    private var slowest = Duration.zero
    private var problem: String?

    var isEmpty: Bool { processes.isEmpty && !lostEvents && repairs == 0 }

    mutating func take(_ tampering: Tampering) {
        for change in tampering.changes { processes[change, default: 0] += 1 }
        lostEvents = lostEvents || tampering.lostEvents
    }

    mutating func repaired(in time: Duration) {
        repairs += 1
        slowest = max(slowest, time)
    }

    mutating func failed(_ error: GateError) {
        problem = error.description
    }

    /// The records, and nothing left to record.
    mutating func takeEntries() -> [AuditEntry] {
        defer { self = TamperReport() }
        var entries = [detected]
        if let repaired { entries.append(repaired) }
        return entries
    }

    private var detected: AuditEntry {
        let names = processes.keys.map { "\($0.process) (process \($0.processID))" }.sorted()
        let shown = names.prefix(Self.most) + (names.count > Self.most ? ["others"] : [])
        let who = shown.isEmpty ? "an unknown process" : shown.joined(separator: ", ")
        let count = processes.values.reduce(0, +)
        let times = count > 1 ? ", \(count) times" : ""
        let lost = lostEvents ? "; more happened than could be told apart" : ""
        return AuditEntry(
            .tamperDetected,
            "Table inet jitgate was changed by \(who)\(times)\(lost)",
            fields: [
                .actor: shown.map { "process:" + $0 },
                .reason: problem.map { ["it could not be mended: \($0)"] } ?? [],
            ]
        )
    }

    private var repaired: AuditEntry? {
        guard repairs > 0 else { return nil }
        let milliseconds = Double(slowest.microseconds) / 1000
        let times = repairs == 1 ? "" : " \(repairs) times, the slowest"
        return AuditEntry(
            .tamperRepaired,
            "Table inet jitgate was put back\(times) within \(milliseconds) ms"
        )
    }
}
