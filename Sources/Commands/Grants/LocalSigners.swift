import Admission
import CommandSupport
import AgentSettings
import Grants
import Signatures

/// The policy and the allowed signers of this machine, as far as they can be read: only for advice.
///
/// Grants are often written and signed on machines that have neither, and then there is no advice.
struct LocalSigners {
    private let configuration: Configuration?
    private let signers: AllowedSigners?

    init(_ options: PolicyOptions, on console: Console) {
        configuration = try? options.load(console)
        let path = configuration?.allowedSigners
        let bytes = path.flatMap { try? GrantFile.read($0, limit: Configuration.fileLimit) }
        signers = bytes.flatMap { try? AllowedSigners(parsing: $0) }
    }

    /// The name of the one signer who must be meant by a login name: that name, or the only one that
    /// has it before an `@`.
    func spelling(of login: String) -> String? {
        let login = login.lowercased()
        let names = (signers?.names ?? []).map { (folded: $0.lowercased(), text: $0) }
        if let name = names.first(where: { $0.folded == login }) { return name.text }
        let similar = names.filter { $0.folded.prefix { $0 != "@" } == login }
        return Set(similar.map(\.folded)).count == 1 ? similar.first?.text : nil
    }

    /// Tells whether the policy here asks for the requestor's own signature for one of these ports.
    func wantsRequest(for ports: [Port]) -> Bool {
        ports.contains { configuration?.policy.ports[$0]?.separateRequestor ?? false }
    }

    /// The signature of a file with one, if it holds by the signers here.
    func signature(of file: [UInt8], at now: Moment) -> VerifiedSignature? {
        let verifier = SignatureVerifier(allowedSigners: signers ?? AllowedSigners())
        return (try? verifier.verify(file, at: now))?.signatures.last
    }
}
