package import Auditing
import Signatures
import StrictJSON
package import Transparency

/// A proof of one record without the log (docs/PROTOCOL.audit, section 9).
package struct ProofBundle: Sendable {
    /// A record's line and its way to the root.
    package struct Item: Sendable {
        package let line: [UInt8]
        package let proof: InclusionProof

        package init(line: [UInt8], proof: InclusionProof) {
            self.line = line
            self.proof = proof
        }
    }

    /// No bundle is larger, in bytes: three records with evidence of the largest kind.
    package static let sizeLimit = 8 << 20

    private static let clockLimit = 16

    /// First the record that is proved, then those with its evidence.
    package let items: [Item]
    /// Earlier records that say how late it was, where the wall clock was set back.
    package let clock: [Item]

    package init(items: [Item], clock: [Item]) {
        self.items = items
        self.clock = clock
    }

    package func encoded() -> [UInt8] {
        var members = [
            JSONValue.Member("jitgate", "proof/1"),
            JSONValue.Member("records", .array(items.map(Self.json))),
        ]
        if !clock.isEmpty { members.append(.init("clock", .array(clock.map(Self.json)))) }
        return JSONValue.object(members).prettyEncoded() + [UInt8(ascii: "\n")]
    }

    private static func json(_ item: Item) -> JSONValue {
        [
            "line": .string(String(decoding: item.line, as: UTF8.self)),
            "proof": .string(item.proof.text),
        ]
    }

    package init(parsing bytes: [UInt8]) throws(ProofError) {
        let json: JSONValue
        do throws(JSONSyntaxError) {
            json = try JSONNode.parse(bytes, limits: .init(bytes: Self.sizeLimit, depth: 8)).value
        } catch {
            throw ProofError(error.description)
        }
        guard json["jitgate"]?.text == "proof/1", let records = json["records"]?.items,
            (1...3).contains(records.count)
        else { throw ProofError("it is no proof bundle") }
        guard let clock = (json["clock"] ?? .array([])).items, clock.count <= Self.clockLimit else {
            throw ProofError("its clock is not an array of at most \(Self.clockLimit) records")
        }
        items = try Self.items(records)
        self.clock = try Self.items(clock)
    }

    private static func items(_ records: [JSONValue]) throws(ProofError) -> [Item] {
        var items: [Item] = []
        for record in records {
            guard let line = record["line"]?.text, let proof = record["proof"]?.text else {
                throw ProofError("a record of the bundle has no `line` or no `proof`")
            }
            let bytes = Array(line.utf8)
            items.append(Item(line: bytes, proof: try InclusionProof(parsing: proof)))
        }
        return items
    }

    /// The records that were proved, and what is known of them.
    package struct Finding: Sendable {
        package let checkpoint: Checkpoint
        package let records: [Record]
        package let signatures: Int
        /// The signers of the grant; those of its revocation are the `revokers`.
        package let signers: [String]
        package let revokers: [String]
        /// True if it could not be found out that the policy let the grant in.
        package let isUnjudged: Bool
    }

    /// Checks every record's way to the root, and all that the records rest on.
    package func verify(by key: VerifierKey) throws(ProofError) -> Finding {
        var all: [Record] = []
        var common: Checkpoint?
        for item in items + clock {
            let checkpoint = try item.proof.verify(item.line, by: key)
            guard common == nil || common == checkpoint else {
                throw ProofError("its records are under different checkpoints")
            }
            common = checkpoint
            all.append(try Self.record(item))
        }
        guard let common else { throw ProofError("it is no proof bundle") }
        let records = Array(all.prefix(items.count))
        try Self.requireLinks(records)
        let evidence = try Self.evidence(of: records, clock: all.dropFirst(items.count))
        return Finding(
            checkpoint: common,
            records: records,
            signatures: evidence.signatures,
            signers: evidence.approvers,
            revokers: evidence.revokers,
            isUnjudged: evidence.unjudged > 0
        )
    }

    /// Checks the evidence that the records rest on; each signature held when its record was made.
    private static func evidence(
        of records: [Record],
        clock: ArraySlice<Record>
    ) throws(ProofError) -> EvidenceCheck {
        var evidence = EvidenceCheck(isWhole: false)
        // Time is made of them in the order of the log.
        for record in (records + clock).sorted(by: { $0.sequence < $1.sequence }) {
            guard records.contains(where: { $0.sequence == record.sequence }) else {
                evidence.see(record)
                continue
            }
            if let flaw = evidence.flaws(of: record).first { throw ProofError(flaw.description) }
        }
        return evidence
    }

    private static func record(_ item: Item) throws(ProofError) -> Record {
        let record: Record
        do throws(RecordError) {
            record = try Record(parsing: item.line)
        } catch {
            throw ProofError("record \(item.proof.index): \(error)")
        }
        guard record.sequence == item.proof.index else {
            throw ProofError("record \(item.proof.index) carries the number \(record.sequence)")
        }
        return record
    }

    /// The evidence must be that of the record, and not of another one.
    private static func requireLinks(_ records: [Record]) throws(ProofError) {
        for record in records.dropFirst() {
            let entry = record.entry
            let isLinked =
                switch entry.event {
                case .grantAccepted:
                    entry[.digest] == records[0].entry[.digest]
                        && entry[.grant] == records[0].entry[.grant]
                case .policyLoaded:
                    records.contains {
                        $0.sequence != record.sequence
                            && $0.entry[.policyDigest] == entry[.policyDigest]
                    }
                default: false
                }
            guard isLinked else {
                throw ProofError("record \(record.sequence) is not the evidence of the first one")
            }
        }
    }
}
