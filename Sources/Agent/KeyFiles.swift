import AgentSettings
import Signatures

/// The keys that may sign and those that count no more, as the files of the policy have them.
struct KeyFiles: Sendable {
    let signers: SignersSource
    let revoked: RevokedKeysSource
    /// The reason that the allowed signers are not those on disk.
    private(set) var signersProblem: String?
    /// The reason that the revoked keys are not those on disk.
    private(set) var revokedProblem: String?

    /// Reads both files.
    init(of configuration: Configuration) throws(AgentError) {
        signers = try SignersSource(readingFrom: configuration.allowedSigners)
        revoked =
            if let path = configuration.revokedKeys {
                try RevokedKeysSource(readingFrom: path)
            } else {
                .none
            }
    }

    /// Reads both files; if one cannot be read, the former content stays in force.
    ///
    /// Each goes by itself: a mistake in one must not keep the other from closing something.
    /// Without any former content nobody may sign, and every key is revoked.
    init(
        of configuration: Configuration,
        orElse signersBefore: SignersSource?,
        _ revokedBefore: RevokedKeysSource?
    ) {
        do throws(AgentError) {
            signers = try SignersSource(readingFrom: configuration.allowedSigners)
        } catch {
            signers = signersBefore ?? .nobody
            signersProblem = error.description
        }
        guard let path = configuration.revokedKeys else {
            revoked = .none
            return
        }
        do throws(AgentError) {
            revoked = try RevokedKeysSource(readingFrom: path)
        } catch {
            revoked = revokedBefore ?? .unreadable(error.description)
            revokedProblem = error.description
        }
    }

    /// True if something on disk is not in force.
    var hasProblem: Bool { signersProblem != nil || revokedProblem != nil }

    var verifier: SignatureVerifier {
        SignatureVerifier(allowedSigners: signers.signers, revokedKeys: revoked.keys)
    }

    /// Returns true if both have the same content as `others`.
    func isSame(as others: Self) -> Bool {
        signers.text == others.signers.text && revoked.bytes == others.revoked.bytes
    }
}

extension Configuration {
    /// The files with the keys, which are watched.
    var keyFiles: [String] { [allowedSigners] + [revokedKeys].compactMap(\.self) }
}
