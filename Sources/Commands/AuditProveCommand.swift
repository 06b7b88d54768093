import ArgumentParser
import Auditing
import StrictJSON

struct AuditProveCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "prove",
        abstract: "Write a bundle that proves one record to whoever does not have the log.",
        discussion: """
            It holds the record, its way to the signed root, and the records with the signed grant
            and the policy behind it. It is JSON: --json changes nothing on the standard output,
            and with -o says as JSON what was written.

              sudo jitgate audit prove 1234 -o 1234.proof
              jitgate audit verify-proof 1234.proof --key "$VKEY"
            """
    )

    @Argument(help: ArgumentHelp("The record's JITGATE_SEQ.", valueName: "seq"))
    var sequence: UInt64

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("Where to; by default the standard output.", valueName: "file"),
        completion: .file()
    )
    var output = "-"

    @OptionGroup var options: AuditLogOptions
    @OptionGroup var format: FormatOptions

    func perform(on console: Console) throws(CommandFailure) {
        let log = try AuditedLog(options, on: console)
        let (checkpoint, note) = try log.checkpoint()
        guard sequence < checkpoint.size else {
            throw CommandFailure(
                .no,
                "there is no record \(sequence): \(checkpoint.size) are signed"
            )
        }
        let leaves = try leaves(of: log, checkpoint)
        let items = try lines(log, leaves).map { number, line in
            ProofBundle.Item(
                line: line,
                proof: InclusionProof(
                    index: number,
                    hashes: leaves.inclusionProof(of: Int(number), in: Int(checkpoint.size)),
                    note: note
                )
            )
        }
        try GrantFile.write(ProofBundle(items: items).encoded(), to: output, on: console)
        if output != "-" { say(items.count, of: checkpoint, on: console) }
    }

    private func say(_ count: Int, of checkpoint: Checkpoint, on console: Console) {
        guard format.json else {
            let next = "jitgate audit verify-proof \(output) --key VKEY"
            return console.note("wrote \(output); next, anywhere: \(next)")
        }
        console.print(json: [
            "file": .string(output), "record": .integer(Int64(sequence)),
            "records": .integer(Int64(count)), "size": .integer(Int64(checkpoint.size)),
        ])
    }

    /// The leaves as they are kept, or else of the lines.
    private func leaves(
        of log: AuditedLog,
        _ checkpoint: Checkpoint
    ) throws(CommandFailure) -> MerkleLeaves {
        let (kept, _) = log.leaves(signedBy: checkpoint)
        if let kept { return kept }
        var hashes: [TreeHash] = []
        try log.forEachLine { line in
            hashes.append(.leaf(line))
            return hashes.count < checkpoint.size
        }
        let made = MerkleLeaves(hashes)
        guard hashes.count == checkpoint.size, made.root(of: hashes.count) == checkpoint.root else {
            throw CommandFailure(
                .no,
                "the log is not the one that was signed",
                hints: ["`jitgate audit verify` says where"]
            )
        }
        return made
    }

    /// The record's line, and those of the records with its evidence.
    private func lines(
        _ log: AuditedLog,
        _ leaves: MerkleLeaves
    ) throws(CommandFailure) -> [(UInt64, [UInt8])] {
        var search = EvidenceSearch(for: sequence)
        try log.forEachLine { line in search.take(line) }
        guard search.found != nil else {
            throw CommandFailure(.no, "there is no record \(sequence) in the log")
        }
        if search.needsMore { try log.forEachLine { line in search.take(line) } }
        for (number, line) in search.lines where leaves.hashes[Int(number)] != .leaf(line) {
            throw CommandFailure(
                .no,
                "record \(number) is not the one that was signed",
                hints: ["`jitgate audit verify` says more"]
            )
        }
        return search.lines
    }
}

/// Finds a record in a first pass, and in a second one those with its evidence.
struct EvidenceSearch {
    private let sequence: UInt64
    private(set) var found: (record: Record, line: [UInt8])?
    private var accepted: (record: Record, line: [UInt8])?
    private var policy: (record: Record, line: [UInt8])?

    init(for sequence: UInt64) {
        self.sequence = sequence
    }

    /// Whether a second pass may find something.
    var needsMore: Bool {
        guard let entry = found?.record.entry else { return false }
        return entry[.digest] != nil
            || (entry[.policyDigest] != nil && entry.event != .policyLoaded)
    }

    /// - Returns: whether it makes sense to go on.
    mutating func take(_ line: ArraySlice<UInt8>) -> Bool {
        guard let record = try? Record(parsing: line) else { return true }
        guard let found else {
            if record.sequence == sequence { self.found = (record, Array(line)) }
            return record.sequence != sequence
        }
        guard record.sequence < sequence else {
            keepNeededPolicy(of: found.record)
            return false
        }
        let entry = record.entry
        if entry.event == .policyLoaded, entry[.evidence] != nil, accepted == nil {
            policy = (record, Array(line))
        } else if entry.event == .grantAccepted, entry[.digest] == found.record.entry[.digest] {
            accepted = (record, Array(line))
        }
        return true
    }

    /// A policy says nothing of a record that names another one.
    private mutating func keepNeededPolicy(of record: Record) {
        let digest = accepted?.record.entry[.policyDigest] ?? record.entry[.policyDigest]
        if digest == nil || policy?.record.entry[.policyDigest] != digest { policy = nil }
    }

    var lines: [(UInt64, [UInt8])] {
        [found, accepted, policy].compactMap(\.self).map { ($0.record.sequence, $0.line) }
    }
}
