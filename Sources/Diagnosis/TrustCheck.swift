import Admission
import AgentInterface
import Conditions
import AgentSettings
import Glibc
import Linux
import Signatures
import SystemPackage

/// The files that the agent trusts: root alone may write them, and read its key.
struct TrustCheck {
    private(set) var results: [CheckResult] = []
    private var trusted = TrustedFile(owners: [0])
    /// True if some port asks the requestor to sign too.
    private let isSeparate: Bool
    private let rules: Policy

    init(_ configuration: Configuration, policyPath: String) {
        rules = configuration.policy
        isSeparate = configuration.policy.ports.values.contains(where: \.separateRequestor)
        policy(policyPath)
        signers(configuration.allowedSigners)
        configuration.revokedKeys.map { revokedKeys($0) }
        for directory in configuration.grantDirectories {
            check(directory, .dropDirectory) { _ in FileConditions.dropDirectoryMissing(directory) }
        }
        configuration.inboxes.forEach { inbox($0) }
        check(configuration.auditDirectory, .log) { reason in
            FileConditions.logDirectoryMissing(configuration.auditDirectory, because: reason)
        }
        check(configuration.stateDirectory, .state) { reason in
            FileConditions.stateDirectoryMissing(configuration.stateDirectory, because: reason)
        }
        secret(configuration.stateDirectory + "/audit.key")
        if results.isEmpty {
            results = [.passed(.files, "nobody but root can write what is trusted")]
        }
    }

    /// A missing policy is found where it is loaded.
    private mutating func policy(_ path: String) {
        do throws(TrustError) {
            _ = try trusted.read(path, limit: Configuration.fileLimit)
        } catch {
            if error.code != .missing { report(error, path, .policy) }
        }
    }

    private mutating func signers(_ path: String) {
        do throws(TrustError) {
            let bytes = try trusted.read(path, limit: Configuration.fileLimit).bytes
            if let condition = signers(bytes, path) { results.add(condition) }
        } catch {
            guard error.code == .missing else { return report(error, path, .signers) }
            results.add(
                PolicyConditions.signersMissing(path, because: "\(error)", needRequests: isSeparate)
            )
        }
    }

    private mutating func signers(_ bytes: [UInt8], _ path: String) -> Condition? {
        do throws(AllowedSignersError) {
            let signers = try AllowedSigners(parsing: bytes)
            if signers.isEmpty {
                return PolicyConditions.signersEmpty(path, needRequests: isSeparate)
            }
            let coverage = ApproverCoverage(of: rules, signers)
            for condition in coverage.conditions(ofSigners: path) { results.add(condition) }
            let canRequest = !isSeparate || signers.allowsAny(for: .request)
            return canRequest ? nil : PolicyConditions.requestorsCannotSign(path)
        } catch {
            return PolicyConditions.signersMalformed(path, because: "\(error)")
        }
    }

    private mutating func revokedKeys(_ path: String) {
        do throws(TrustError) {
            let bytes = try trusted.read(path, limit: Configuration.revokedKeysLimit).bytes
            do throws(RevokedKeysError) {
                _ = try RevokedKeys(parsing: bytes)
            } catch {
                results.add(PolicyConditions.revokedKeysMalformed(path, because: "\(error)"))
            }
        } catch {
            guard error.code == .missing else { return report(error, path, .revokedKeys) }
            results.add(PolicyConditions.revokedKeysMissing(path, because: "\(error)"))
        }
    }

    private mutating func check(
        _ directory: String,
        _ place: FileConditions.TrustedPlace,
        whenMissing: (String) -> Condition
    ) {
        do throws(TrustError) {
            try trusted.check(directory: directory)
        } catch {
            guard error.code == .missing else { return report(error, directory, place) }
            results.add(whenMissing("\(error)"))
        }
    }

    /// An inbox is its owner's, and nobody else may write there.
    private mutating func inbox(_ inbox: Inbox) {
        guard let owner = (try? UserFile.id(of: inbox.owner)) ?? nil, owner != 0 else {
            let reason = "\(inbox.owner) is no user without privileges in /etc/passwd"
            let remedy = "useradd --system \(inbox.owner); jitgate reload"
            return results.add(
                FileConditions.inboxUnreadable(inbox.directory, because: reason, mend: remedy)
            )
        }
        var scan = TrustedFile(besidesRoot: owner)
        do throws(TrustError) {
            try scan.check(directory: inbox.directory)
        } catch {
            guard error.code != .unreadable || geteuid() == 0 else {
                return results.add(AgentConditions.notPermitted(inbox.directory))
            }
            results.add(
                FileConditions.inboxUnreadable(
                    inbox.directory,
                    because: "\(error)",
                    mend: error.remedy
                )
            )
        }
    }

    /// Checks the key that signs the log: anyone who reads it can sign another one.
    private mutating func secret(_ path: String) {
        guard let mode = FileKind.permissions(path), mode & 0o077 != 0 else { return }
        results.add(AuditConditions.auditKeyExposed(path))
    }

    private mutating func report(
        _ error: TrustError,
        _ path: String,
        _ place: FileConditions.TrustedPlace
    ) {
        if error.code == .unreadable, geteuid() != 0 {
            results.add(AgentConditions.notPermitted(path))
        } else {
            results.add(
                FileConditions.untrusted(place, path, because: "\(error)", mend: error.remedy)
            )
        }
    }
}
