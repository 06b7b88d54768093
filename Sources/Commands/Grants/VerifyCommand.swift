import Admission
import ArgumentParser
import Auditing
import CommandSupport
import AgentSettings
import Grants
import Linux
import Recording
import Signatures
import SystemPackage

struct VerifyCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Say what this host would do with a grant and why; change nothing.",
        discussion: """
            Every check is a line. The policy, the allowed signers and the log are this host's; \
            where the log may not be read, a grant that was used before cannot be told from a new \
            one. Of a file in a drop directory owner and mode are checked as well.

              jitgate verify g.grant
              jitgate verify g.grant --config new.toml
            """
    )

    @Argument(
        help: "A signed grant, revocation or review; - is the standard input.",
        completion: .file()
    )
    var file: String

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func perform(on console: Console) throws(CommandFailure) {
        let configuration = try policy.load(console)
        let bytes = try GrantFile.read(file, on: console)
        let known = LoggedGrants(reading: AuditLogFile.path(configuration), on: console)
        var admission = Admission(policy: configuration.policy, host: try host(configuration))
        admission.barredKeys = known.barredKeys
        let verifier = SignatureVerifier(
            allowedSigners: try allowedSigners(configuration),
            revokedKeys: try revokedKeys(configuration)
        )
        let now = console.now()
        let judge = Verification.Judge(
            verifier: verifier,
            admission: admission,
            known: known,
            bulletins: LocalBulletins(of: configuration, by: verifier, admission, at: now),
            now: now
        )
        let verification = Verification(of: bytes, by: judge, distrust: distrust(configuration))
        if format.json {
            console.print(json: verification.json)
        } else {
            verification.lines(console).forEach(console.print)
        }
        guard verification.isAccepted else { throw .alreadyReported }
    }

    /// The reason that the agent would not read the file, if it lies in a drop directory.
    private func distrust(_ configuration: Configuration) -> TrustError? {
        let path = WorkingDirectory.absolute(file)
        let directory = path.split(separator: "/").dropLast().joined(separator: "/")
        guard file != "-", configuration.grantDirectories.contains("/" + directory) else {
            return nil
        }
        var trusted = TrustedFile(owners: [0])
        do throws(TrustError) {
            _ = try trusted.read(path, limit: GrantFile.sizeLimit)
            return nil
        } catch {
            return error.code == .unreadable ? nil : error
        }
    }

    private func allowedSigners(
        _ configuration: Configuration
    ) throws(CommandFailure) -> AllowedSigners {
        let path = configuration.allowedSigners
        let bytes = try trusted(path, limit: Configuration.fileLimit)
        do throws(AllowedSignersError) {
            return try AllowedSigners(parsing: bytes)
        } catch {
            throw CommandFailure(.configuration, "\(path): \(error)")
        }
    }

    private func revokedKeys(
        _ configuration: Configuration
    ) throws(CommandFailure) -> RevokedKeys {
        guard let path = configuration.revokedKeys else { return RevokedKeys() }
        let bytes = try trusted(path, limit: Configuration.revokedKeysLimit)
        do throws(RevokedKeysError) {
            return try RevokedKeys(parsing: bytes)
        } catch {
            throw CommandFailure(.configuration, "\(path): \(error)")
        }
    }

    /// Reads a file that only root can have written.
    private func trusted(_ path: String, limit: Int) throws(CommandFailure) -> [UInt8] {
        var trusted = TrustedFile()
        do throws(TrustError) {
            return try trusted.read(path, limit: limit).bytes
        } catch {
            let status = error.code == .unreadable ? ExitStatus.noPermission : .configuration
            throw CommandFailure(status, "\(error)", hints: error.remedy.map { [$0] } ?? [])
        }
    }

    private func host(_ configuration: Configuration) throws(CommandFailure) -> HostIdentity {
        do throws(Errno) {
            let facts = try HostFacts.read()
            return HostIdentity(
                hostname: configuration.hostname ?? facts.hostname,
                machineID: facts.machineID ?? "",
                labels: configuration.labels
            )
        } catch {
            throw CommandFailure(.inputOutput, "this host does not tell its name: \(error)")
        }
    }
}
