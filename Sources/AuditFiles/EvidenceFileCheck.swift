import Auditing
import CommandSupport
import Linux
import Recording

/// Checks that the files of evidence beside a log are those that its records carry.
struct EvidenceFileCheck {
    /// The most files that may be awaited.
    private static let awaitedLimit = 65_536

    /// The directory of the files; `nil` if they are not at hand.
    let state: StateDirectory?
    /// The number of files that records name.
    private(set) var count = 0
    /// Files that were not right when their record was read.
    private var awaitedFiles: [AwaitedFile] = []

    init(_ state: StateDirectory?) {
        self.state = state
    }

    /// Compares the files beside the log with those that the record carries.
    mutating func flaws(of record: Record) -> [LogFlaw] {
        // A file with another digest belongs to no record.
        guard let state, record.entry.hasSoundEvidence else { return [] }
        var flaws: [LogFlaw] = []
        for file in record.entry.evidenceFiles {
            count += 1
            guard (try? state.content(of: file.name)) != file.bytes else { continue }
            let awaited = AwaitedFile(
                name: file.name,
                digest: EvidenceFile.digest(of: file.bytes),
                record: record.sequence
            )
            if awaitedFiles.count < Self.awaitedLimit {
                awaitedFiles.append(awaited)
            } else {
                flaws.append(awaited.flaw(in: state))
            }
        }
        return flaws
    }

    /// The files that were not right, and still are not.
    ///
    /// An agent beside us copies them when it has time, and retention may have taken some with
    /// their records since.
    mutating func finalFlaws(
        in log: LogUnderAudit,
        _ console: Console
    ) throws(CommandFailure) -> [LogFlaw] {
        guard let state, !awaitedFiles.isEmpty else { return [] }
        _ = console.wait {
            awaitedFiles.removeAll { $0.isThere(in: state) }
            return awaitedFiles.isEmpty
        }
        let oldest = try log.oldest()
        return awaitedFiles.filter { $0.record >= oldest }.map { $0.flaw(in: state) }
    }
}

/// A file of evidence that is not, or not yet, what its record says.
private struct AwaitedFile {
    let name: String
    let digest: String
    let record: UInt64

    func isThere(in state: StateDirectory) -> Bool {
        (try? state.content(of: name)).map { EvidenceFile.digest(of: $0) == digest } ?? false
    }

    func flaw(in state: StateDirectory) -> LogFlaw {
        let isKept = (try? state.content(of: name)) != nil
        let path = "\(state.evidence)/\(name)"
        let what =
            isKept
            ? "is not the one that was recorded"
            : FileAccess.isReadingDenied(path) ? "may not be read" : "is not there"
        return LogFlaw(.evidence, at: record, "record \(record): \(path) \(what)")
    }
}
