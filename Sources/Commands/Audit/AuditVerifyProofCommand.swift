import ArgumentParser
import Auditing
import CommandSupport
import Grants
import StrictJSON
import Transparency
import Verifying

struct AuditVerifyProofCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-proof",
        abstract: "Check a bundle of `audit prove`, offline.",
        discussion: """
            Prints the record if it is in the log that the key signs, and if every signature \
            under the grant behind it held then.

              jitgate audit verify-proof 1234.proof --key "$VKEY"
              jitgate audit prove 1234 | jitgate audit verify-proof - --key "$VKEY"
            """
    )

    @Argument(
        help: ArgumentHelp("The bundle; - is the standard input.", valueName: "file"),
        completion: .file()
    )
    var file: String

    @Option(
        help: ArgumentHelp("The key, as `jitgate audit key` printed it.", valueName: "vkey"),
        transform: VerifierKey.init(parsing:)
    )
    var key: VerifierKey

    @OptionGroup var format: FormatOptions

    func perform(on console: Console) throws(CommandFailure) {
        let bytes =
            file == "-"
            ? console.readInput() : try GrantFile.read(file, limit: ProofBundle.sizeLimit)
        let finding: ProofBundle.Finding
        do throws(ProofError) {
            finding = try ProofBundle(parsing: bytes).verify(by: key)
        } catch {
            guard format.json else {
                throw CommandFailure(.no, "\(file): not verified: \(error)")
            }
            console.print(json: ["verified": false, "text": .string(error.description)])
            throw .alreadyReported
        }
        show(finding, on: console)
    }

    private func show(_ finding: ProofBundle.Finding, on console: Console) {
        let checkpoint = finding.checkpoint
        guard !format.json else {
            return console.print(json: [
                "verified": true, "record": finding.records[0].json,
                "signatures": .integer(Int64(finding.signatures)),
                "signers": .array(finding.signers.map(JSONValue.string)),
                "revokers": .array(finding.revokers.map(JSONValue.string)),
                "unjudged": .bool(finding.isUnjudged),
                "origin": .string(checkpoint.origin), "size": .integer(Int64(checkpoint.size)),
            ])
        }
        let record = finding.records[0]
        let number = "record \(record.sequence) of \(checkpoint.size)"
        console.print("verified: \(number) of \(DisplayText.safe(checkpoint.origin))")
        console.print("\(record.stamp.realtime)  \(DisplayText.safe(record.entry.message))")
        if !finding.signers.isEmpty {
            console.print("signed: \(Self.signatures(of: finding.signers))")
        } else if record.isAboutLetGrant {
            console.print("unsigned: the bundle does not hold the grant behind it")
        }
        if !finding.revokers.isEmpty {
            console.print("revoked: \(Self.signatures(of: finding.revokers))")
        }
        guard finding.isUnjudged else { return }
        console.print("unjudged: the policy that let it in is not here or cannot be read")
    }

    private static func signatures(of names: [String]) -> String {
        "\(names.count.counting("valid signature")), of \(DisplayText.safe(names.joined(separator: ", ")))"
    }
}

extension Record {
    /// True for records of a grant that was accepted, which was signed.
    fileprivate var isAboutLetGrant: Bool {
        [.grantAccepted, .grantOpened, .grantUsed, .grantClosed, .drainEnded].contains(entry.event)
    }
}
