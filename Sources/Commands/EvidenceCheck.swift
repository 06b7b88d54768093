import Auditing
import Grants
import Recording
import Signatures

/// Checks what records rest on: files by their digests, and every signature again as of then.
struct EvidenceCheck {
    /// So many files may be awaited.
    private static let awaitedLimit = 65_536

    private(set) var signatures = 0
    private(set) var files = 0
    /// The agent's time: it never went back, also where the wall clock did.
    private var clock = ClockFloor()
    private var verifiers: [[String]: SignatureVerifier] = [:]
    /// The files of the digests that were accepted, by grant.
    private var accepted: [String: String] = [:]
    private let state: StateDirectory?
    /// Files that were not right when their record was read.
    private var awaitedFiles: [AwaitedFile] = []
    /// Whether all records are at hand, so that none may rest on one that is not.
    private let isWhole: Bool

    init(files state: StateDirectory?, isWhole: Bool) {
        self.state = state
        self.isWhole = isWhole
    }

    /// Takes note of when a record was made.
    mutating func see(_ record: Record) {
        clock.take(record.stamp)
    }

    /// What is wrong with the evidence of the next record.
    mutating func flaws(of record: Record) -> [LogFlaw] {
        see(record)
        let entry = record.entry
        switch entry.event {
        case .grantAccepted:
            let grant = entry[.grant] ?? ""
            accepted[grant] = entry[.digest]
            guard entry[.evidence] != nil else {
                return [flaw(.evidence, record, "an accepted grant without its file")]
            }
        case .grantOpened:
            guard isWhole, accepted[entry[.grant] ?? ""] != entry[.digest] else { return [] }
            return [flaw(.unaccepted, record, "a grant opened that no record accepted")]
        default: break
        }
        guard let text = entry[.evidence] else { return [] }
        guard entry.hasSoundEvidence else {
            return [flaw(.evidence, record, "its file is not the one of its SHA-256")]
        }
        let bytes = Array(text.utf8)
        let flaw = entry.event == .policyLoaded ? nil : signatureFlaw(bytes, record)
        return [flaw].compactMap(\.self) + fileFlaws(record)
    }

    private func flaw(_ kind: LogFlaw.Kind, _ record: Record, _ text: String) -> LogFlaw {
        LogFlaw(kind, at: record.sequence, "record \(record.sequence): \(text)")
    }

    /// Whether the signatures held when the record was made, and whether it says what was signed.
    private mutating func signatureFlaw(_ file: [UInt8], _ record: Record) -> LogFlaw? {
        let entry = record.entry
        do {
            let verifier = try verifier(entry.fields[.allowedSigners] ?? [])
            let payload = try verifier.verify(file, at: clock.moment ?? record.stamp.realtime)
            signatures += payload.approvals.count
            let signed = try Self.signed(payload, entry)
            for (field, values) in signed where entry.fields[field, default: []] != values {
                return flaw(.evidence, record, "its \(field.rawValue) is not what was signed")
            }
            return nil
        } catch {
            return flaw(.signature, record, "\(error)")
        }
    }

    /// The fields that follow from what was signed.
    private static func signed(
        _ payload: SignedPayload,
        _ entry: AuditEntry
    ) throws -> [AuditField: [String]] {
        let signers = payload.approvals.map(\.principal)
        guard entry.event == .grantAccepted else {
            let revocation = try Revocation(parsing: payload.bytes)
            let id = entry[.grant].flatMap { try? GrantID(parsing: $0) }
            guard payload.namespace == .revocation, let id, revocation.ids.contains(id) else {
                throw TextError("the revocation is not of this grant")
            }
            return [.actor: signers.map { "signer:" + $0 }]
        }
        guard payload.namespace == .grant else { throw TextError("what was signed is no grant") }
        let grant = try Grant(parsing: payload.bytes)
        var fields = GrantFacts(
            grant: grant,
            digest: payload.sha256,
            signers: signers,
            file: ""
        ).fields
        fields[.file] = nil
        return fields
    }

    private mutating func verifier(_ lines: [String]) throws -> SignatureVerifier {
        if let known = verifiers[lines] { return known }
        let text = lines.map { $0 + "\n" }.joined()
        let made = SignatureVerifier(allowedSigners: try AllowedSigners(parsing: Array(text.utf8)))
        // Hosts have few signers; a log made up to have many gains nothing.
        if verifiers.count < 1000 { verifiers[lines] = made }
        return made
    }

    /// Whether the files beside the log are those that the record carries.
    private mutating func fileFlaws(_ record: Record) -> [LogFlaw] {
        guard let state else { return [] }
        var flaws: [LogFlaw] = []
        for file in record.entry.evidenceFiles {
            files += 1
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
    mutating func fileFlaws(in log: AuditedLog, _ console: Console) throws(CommandFailure)
        -> [LogFlaw]
    {
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
        let what = isKept ? "is not the one that was recorded" : "is not there"
        return LogFlaw(.evidence, at: record, "record \(record): \(state.evidence)/\(name) \(what)")
    }
}
