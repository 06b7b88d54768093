import ArgumentParser
import AuditFiles
import Auditing
import CommandSupport
import StrictJSON
import Transparency
import Verifying

struct AuditProveCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove",
        abstract: "Write a bundle that proves one record to people who do not have the log.",
        discussion: """
            It holds the record, its way to the signed root, and the records with the signed grant \
            and the policy behind it. It is JSON: --json changes nothing on the standard output, \
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
        let log = try options.log(console)
        let signed = try log.checkpoint()
        let checkpoint = signed.checkpoint
        guard sequence < checkpoint.size else {
            throw CommandFailure(
                .no,
                "there is no record \(sequence): \(checkpoint.size) are signed"
            )
        }
        let leaves = try leaves(of: log, checkpoint)
        let found = try search(log, leaves)
        func proved(_ found: EvidenceSearch.Found) -> ProofBundle.Item {
            let number = found.record.sequence
            let hashes = leaves.inclusionProof(of: Int(number), in: Int(checkpoint.size))
            let proof = InclusionProof(index: number, hashes: hashes, note: signed.note)
            return ProofBundle.Item(line: found.line, proof: proof)
        }
        let bundle = ProofBundle(
            items: found.records.map(proved),
            clock: found.clock.map(proved)
        )
        try GrantFile.write(bundle.encoded(), to: output, on: console)
        if output != "-" { say(bundle.items.count, of: checkpoint, on: console) }
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

    /// The reason that a signed record is missing, if retention removed it.
    private func pruned(_ log: LogUnderAudit) throws(CommandFailure) -> String {
        let first = try log.oldestHere()
        return first > sequence ? ": it begins with record \(first)" : ""
    }

    /// The leaves as they are kept, or else of the lines.
    private func leaves(
        of log: LogUnderAudit,
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

    /// The record, those with its evidence, and those that say when it was.
    private func search(
        _ log: LogUnderAudit,
        _ leaves: MerkleLeaves
    ) throws(CommandFailure) -> EvidenceSearch {
        var search = EvidenceSearch(for: sequence)
        try log.forEachLine { line in search.take(line) }
        guard search.isFound else {
            throw CommandFailure(.no, "there is no record \(sequence) in the log\(try pruned(log))")
        }
        if search.needsMore { try log.forEachLine { line in search.take(line) } }
        for found in search.records + search.clock
        where leaves.hashes[Int(found.record.sequence)] != .leaf(found.line) {
            throw CommandFailure(
                .no,
                "record \(found.record.sequence) is not the one that was signed",
                hints: ["`jitgate audit verify` says more"]
            )
        }
        return search
    }
}
