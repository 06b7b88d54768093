import Configuration
import Grants
import Linux
import SystemPackage

/// The clock, the log's disk and the journal.
struct HostCheck {
    private(set) var findings: [Finding] = []

    init(_ configuration: Configuration) {
        examineClock()
        findings += DiskCheck(configuration).findings
        examineJournal()
    }

    private mutating func examineClock() {
        do throws(Errno) {
            guard try ClockCondition.read().isSynchronized else {
                let reason = "nothing keeps the clock right: grants may end early or be refused"
                return findings.append(
                    .warning("clock", reason, mend: "sudo timedatectl set-ntp true")
                )
            }
            findings.append(.ok("clock", "synchronised"))
        } catch {
            findings.append(.note("clock", "whether it is synchronised cannot be seen: \(error)"))
        }
    }

    private mutating func examineJournal() {
        guard FileKind.isSocket(JournalSocket.systemPath) else {
            let reason = "no journald here: records are in the log alone"
            return findings.append(.note("journal", reason))
        }
        findings.append(.ok("journal", "journald takes copies of the records"))
    }
}
