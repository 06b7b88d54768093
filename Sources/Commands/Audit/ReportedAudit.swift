import AuditFiles
import Auditing
import CommandSupport
import Grants
import Reporting
import Verifying

/// The part of a report about the log that it was made of.
extension ReportedVerification {
    /// The number of flaws that are named.
    private static let bound = 50

    /// Checks the whole log as `audit verify` does; without a key or a checkpoint nothing can be.
    static func audit(
        _ options: AuditLogOptions,
        on console: Console
    ) -> (ReportedVerification, notes: [String]) {
        do throws(CommandFailure) {
            var audit = try AuditPass(options.log(console))
            try audit.run(on: console)
            let verification = ReportedVerification(
                audit.isVerified ? .verified : .failed,
                findings: findings(audit),
                checkpoint: audit.verification.signed.note,
                key: "\(audit.log.key)"
            )
            let notes = audit.isVerified ? [] : ["the log is NOT intact: see jitgate audit verify"]
            return (verification, notes)
        } catch {
            let text = "Nothing in the log was checked: \(error.message)"
            // A checkpoint or key that is there and wrong is not one that is not at hand.
            let isWrong = error.status == .no
            let verification = ReportedVerification(
                isWrong ? .failed : .notVerified,
                findings: [text],
                checkpoint: nil,
                key: nil
            )
            let note = isWrong ? "the log is NOT intact" : "the log is not verified"
            return (verification, ["\(note): \(error.message)"])
        }
    }

    private static func findings(_ audit: AuditPass) -> [String] {
        guard audit.isVerified else {
            let more = audit.flaws.count - bound
            return audit.flaws.prefix(bound).map(\.description)
                + (more > 0 ? [more.counting("more flaw")] : [])
        }
        let (pruned, unjudged) = (audit.log.first, audit.evidence.unjudged)
        let unproven = audit.evidence.unproven
        return [
            "\(audit.records.counting("record")) as signed, none missing, none changed.",
            "\(audit.signatures.counting("signature")) under grants and revocations, each valid as "
                + "of the time of its record.",
            "Each opening is what was signed, and the policy of then let it in.",
        ]
            + (unjudged > 0
                ? ["But for \(unjudged) whose policy is not here or cannot be read."] : [])
            + (unproven > 0
                ? ["And for \(unproven) whose grant was accepted in records that are not here."]
                : [])
            + (pruned > 0
                ? [
                    "Records 0 to \(pruned - 1) were removed by retention; what rests on them alone was not checked."
                ] : [])
            + (audit.log.isOwnKey
                ? ["The key is the one kept beside the log: compare it with a copy of yours."] : [])
    }
}
