import Admission
import Configuration
import Glibc
import Grants
import Linux
import Signatures
import SystemPackage

/// Whether nobody but root could have written what the agent trusts, or can read what it hides.
struct TrustCheck {
    private(set) var findings: [Finding] = []
    private var trusted = TrustedFile(owners: [0])
    /// Whether some port asks the requestor to sign too.
    private let isSeparate: Bool

    init(_ configuration: Configuration, policyPath: String) {
        isSeparate = configuration.policy.ports.values.contains(where: \.separateRequestor)
        policy(policyPath)
        signers(configuration.allowedSigners)
        configuration.revokedKeys.map { revokedKeys($0) }
        for directory in configuration.grantDirectories { drop(directory) }
        kept(configuration.auditDirectory, "audit")
        kept(configuration.stateDirectory, "state")
        secret(configuration.stateDirectory + "/audit.key")
        if findings.isEmpty {
            findings = [.ok("files", "nobody but root can write what is trusted")]
        }
    }

    /// That it is not there was found by whoever wanted to read it.
    private mutating func policy(_ path: String) {
        do throws(TrustError) {
            _ = try trusted.read(path, limit: Configuration.fileLimit)
        } catch {
            if error.code != .missing { report(error, "policy", whenMissing: "") }
        }
    }

    private mutating func signers(_ path: String) {
        let subject = "signers"
        let bytes: [UInt8]
        do throws(TrustError) {
            bytes = try trusted.read(path, limit: Configuration.fileLimit).bytes
        } catch {
            return report(
                error,
                subject,
                whenMissing: line(for: "ssh-ed25519 …", in: path)
            )
        }
        do throws(AllowedSignersError) {
            let signers = try AllowedSigners(parsing: bytes)
            let remedy = line(for: "$(cat id_ed25519.pub)", in: path)
            if signers.isEmpty {
                let reason = "\(path) names nobody: no grant can be signed"
                findings.append(.warning(subject, reason, mend: remedy))
            } else if isSeparate, !signers.allowsAny(for: .request) {
                let reason =
                    "policy has separate_requestor, and no line of \(path) names jitgate-request in "
                    + "namespaces=: no requestor can sign, so no grant opens the ports that ask for it"
                findings.append(.warning(subject, reason, mend: remedy))
            }
        } catch {
            let remedy = "mend that line; an agent that read a good one goes on by it"
            findings.append(.error(subject, "\(path): \(error)", mend: remedy))
        }
    }

    private mutating func revokedKeys(_ path: String) {
        let subject = "revoked-keys"
        do throws(TrustError) {
            let bytes = try trusted.read(path, limit: Configuration.revokedKeysLimit).bytes
            do throws(RevokedKeysError) {
                _ = try RevokedKeys(parsing: bytes)
            } catch {
                let remedy = "mend or replace it; an agent that read a good one goes on by it"
                findings.append(.error(subject, "\(path): \(error)", mend: remedy))
            }
        } catch {
            report(
                error,
                subject,
                whenMissing: "install -m 644 /dev/null \(ShellWord.quoted(path))"
            )
        }
    }

    /// The command that adds a signer, for our purposes alone.
    private func line(for key: String, in path: String) -> String {
        let names =
            ["jitgate-grant", "jitgate-revocation"] + (isSeparate ? ["jitgate-request"] : [])
        let purposes = #"namespaces=\""# + names.joined(separator: ",") + #"\""#
        return "echo \"ops@example.com \(purposes) \(key)\" >> \(ShellWord.quoted(path))"
    }

    private mutating func drop(_ path: String) {
        do throws(TrustError) {
            try trusted.check(directory: path)
        } catch {
            report(error, "grants", whenMissing: "install -d -m 700 \(ShellWord.quoted(path))")
        }
    }

    private mutating func kept(_ path: String, _ subject: String) {
        do throws(TrustError) {
            try trusted.check(directory: path)
        } catch {
            report(error, subject, whenMissing: "install -d -m 750 \(ShellWord.quoted(path))")
        }
    }

    /// The key that signs the log: whoever reads it can sign another one.
    private mutating func secret(_ path: String) {
        guard let mode = FileKind.permissions(path), mode & 0o077 != 0 else { return }
        let reason = "\(path) may be read by others than root: they can sign another log"
        findings.append(.error("state", reason, mend: "chmod 600 \(ShellWord.quoted(path))"))
    }

    private mutating func report(_ error: TrustError, _ subject: String, whenMissing: String) {
        switch error.code {
        case .missing: findings.append(.error(subject, "\(error)", mend: whenMissing))
        case .unreadable where geteuid() != 0:
            let reason = "\(error.path): you may not look at it"
            findings.append(.note(subject, reason, mend: "run this as root"))
        case .unreadable, .symbolicLink, .notAFile, .foreignOwner, .writableByOthers,
            .directoryWritableByOthers, .tooLarge:
            findings.append(.error(subject, "\(error)", mend: error.remedy))
        }
    }
}
