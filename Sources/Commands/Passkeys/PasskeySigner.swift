import ApprovalPage
import CommandSupport
import Linux
import Signatures
import SystemPackage

/// Signs with a passkey, by a page in the user's browser.
struct PasskeySigner {
    private let server: PageServer
    private let lines: [PasskeyLine]
    private let namespace: SignatureNamespace

    /// Offers the passkeys of allowed_signers that may sign in a namespace, of one signer if named.
    init(
        for namespace: SignatureNamespace,
        signer: String?,
        _ place: PasskeyPageOptions,
        _ policy: PolicyOptions,
        on console: Console
    ) throws(CommandFailure) {
        server = PageServer(place: place, console: console)
        self.namespace = namespace
        let file = try place.signers(policy, on: console)
        let all = PasskeyLine.lines(of: file.bytes, for: namespace)
            .filter { line in signer.map(line.isNamed) ?? true }
        lines = all.filter { $0.application == place.rp }
        guard lines.isEmpty else { return }
        let whose = signer.map { " of \($0.debugDescription)" } ?? ""
        let others = Set(all.compactMap(\.application)).subtracting([place.rp]).sorted()
        guard others.isEmpty else {
            throw CommandFailure(
                .no,
                "\(file.path): the passkeys\(whose) are for \(others.joined(separator: ", ")), not"
                    + " for \(place.rp)",
                hints: ["name one of .localhost with --rp; of others, use the host's own page"]
            )
        }
        throw CommandFailure(
            .no,
            "\(file.path): it lists no passkey\(whose) that may sign for \(namespace.rawValue)",
            hints: ["make one: jitgate passkey enroll NAME"]
        )
    }

    /// The armored signature over `payload`, and the name in the line of the passkey that made it.
    func sign(_ payload: [UInt8]) throws(CommandFailure) -> (armor: [UInt8], name: String) {
        let task = PageTask.approve(payload: payload, namespace: namespace, signers: lines)
        let answer = try server.answer(to: task) { answer in
            switch answer {
            case .signature(let armor): flaw(of: armor, over: payload)
            case .cancelled: nil
            case .passkey: "A signature was asked for, not a new passkey."
            }
        }
        guard case .signature(let armor) = answer, let line = line(of: armor, over: payload) else {
            throw CommandFailure(.no, "there is no signature")
        }
        return (armor, line.name)
    }

    /// The line whose key made a signature, which is one whole armored block.
    private func line(of armor: [UInt8], over payload: [UInt8]) -> PasskeyLine? {
        guard let file = try? SignedFile(splitting: payload + armor), file.payload == payload,
            let signature = file.signatures.first, file.signatures.count == 1
        else { return nil }
        return lines.first { $0.made(signature) }
    }

    /// The reason that a signature does not hold, by ssh-keygen; `nil` if it does.
    private func flaw(of armor: [UInt8], over payload: [UInt8]) -> String? {
        guard line(of: armor, over: payload) != nil else {
            return "It is no signature by a passkey that was offered."
        }
        do throws(Errno) {
            let outcome = try ChildProcess.run(
                [
                    "ssh-keygen", "-Y", "check-novalidate", "-n", namespace.rawValue, "-s",
                    ChildProcess.attachmentPath,
                ],
                input: payload,
                attachment: armor,
                outputLimit: 1 << 16
            )
            return outcome.status == 0 ? nil : "ssh-keygen finds that the signature does not hold."
        } catch {
            return "ssh-keygen could not check the signature: \(error)"
        }
    }
}
