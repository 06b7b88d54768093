import Configuration
import Grants
import Linux
import SystemPackage

/// The clock, the log's disk and the journal.
struct HostExamination {
    /// Below this the log may be full within a day, or is about to be.
    private static let enough: UInt64 = 256 << 20
    private static let least: UInt64 = 16 << 20

    private(set) var findings: [Finding] = []

    init(_ configuration: Configuration) {
        examineClock()
        examineDisk(configuration.auditDirectory)
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

    private mutating func examineDisk(_ directory: String) {
        let room: DiskRoom
        do throws(Errno) {
            room = try DiskRoom.read(directory)
        } catch {
            // That it is missing was found before.
            return
        }
        let free = ShownText.size(bytes: Int64(clamping: room.bytes))
        let remedy = "make room: df -h \(ShellWord.quoted(directory))"
        if room.bytes < Self.least || room.files == 0 {
            let reason = "\(free) free for \(directory): when it is full nothing opens"
            findings.append(.error("disk", reason, mend: remedy))
        } else if room.bytes < Self.enough {
            findings.append(.warning("disk", "only \(free) free for \(directory)", mend: remedy))
        } else {
            findings.append(.ok("disk", "\(free) free for \(directory)"))
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
