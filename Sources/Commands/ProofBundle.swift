import Auditing
import StrictJSON

/// What proves one record without the log (docs/PROTOCOL.audit, section 9).
struct ProofBundle {
    /// A record's line and its way to the root.
    struct Item {
        let line: [UInt8]
        let proof: InclusionProof
    }

    /// No bundle is larger, in bytes: three records with evidence of the largest kind.
    static let sizeLimit = 8 << 20

    /// First the record that is proved, then those with its evidence.
    let items: [Item]

    init(items: [Item]) {
        self.items = items
    }

    func encoded() -> [UInt8] {
        let items = items.map { item -> JSONValue in
            [
                "line": .string(String(decoding: item.line, as: UTF8.self)),
                "proof": .string(item.proof.text),
            ]
        }
        let json: JSONValue = ["jitgate": "proof/1", "records": .array(items)]
        return json.prettyEncoded() + [UInt8(ascii: "\n")]
    }

    init(parsing bytes: [UInt8]) throws(ProofError) {
        let json: JSONValue
        do throws(JSONSyntaxError) {
            json = try JSONNode.parse(bytes, limits: .init(bytes: Self.sizeLimit, depth: 8)).value
        } catch {
            throw ProofError(error.description)
        }
        guard json["jitgate"]?.text == "proof/1", let records = json["records"]?.items,
            (1...3).contains(records.count)
        else { throw ProofError("it is no proof bundle") }
        var items: [Item] = []
        for record in records {
            guard let line = record["line"]?.text, let proof = record["proof"]?.text else {
                throw ProofError("a record of the bundle has no `line` or no `proof`")
            }
            let bytes = Array(line.utf8)
            items.append(Item(line: bytes, proof: try InclusionProof(parsing: proof)))
        }
        self.items = items
    }

    /// What was proved.
    struct Finding {
        let checkpoint: Checkpoint
        let records: [Record]
        let signatures: Int
    }

    /// Checks every record's way to the root, and all that the records rest on.
    func verify(by key: VerifierKey) throws(ProofError) -> Finding {
        var evidence = EvidenceCheck(files: nil, isWhole: false)
        var records: [Record] = []
        var common: Checkpoint?
        for item in items {
            let checkpoint = try item.proof.verify(item.line, by: key)
            guard common == nil || common == checkpoint else {
                throw ProofError("its records are under different checkpoints")
            }
            common = checkpoint
            let record = try Self.record(item)
            if let flaw = evidence.flaws(of: record).first { throw ProofError(flaw.description) }
            records.append(record)
        }
        guard let common else { throw ProofError("it is no proof bundle") }
        try Self.requireLinks(records)
        return Finding(checkpoint: common, records: records, signatures: evidence.signatures)
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
