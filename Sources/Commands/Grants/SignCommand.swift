import ArgumentParser
import CommandSupport
import Grants
import Linux
import Signatures
import StrictJSON

struct SignCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Sign a grant, or add your approval to one that is signed.",
        discussion: """
            ssh-keygen signs, so keys in ssh-agent and on FIDO2 tokens do too. What is signed is \
            shown first. The result is FILE with the ending .grant; a file that is already signed \
            is replaced by one with your signature added.

            Where a policy has separate_requestor, the requestor signs too, with --as-requestor, \
            and that approves nothing. The line of the key in allowed_signers then names the \
            namespace jitgate-request, and the grant's requestor as one of its names.

            With --passkey a page on this machine shows the grant in your browser, and a passkey that \
            allowed_signers lists signs it there (`jitgate passkey enroll` makes one).

              jitgate sign g.json                     writes g.grant
              jitgate sign g.grant --key ~/.ssh/ops   adds an approval
              jitgate sign g.json --as-requestor      asks for it under your name
              jitgate sign g.json --passkey           signs in your browser
              jitgate sign - < g.json > g.grant
            """
    )

    @Argument(
        help: "A grant, a revocation or a review; - is the standard input.",
        completion: .file()
    )
    var file: String

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The key file (default: the agent's first, else ~/.ssh/id_ed25519).",
            valueName: "file"
        ),
        completion: .file()
    )
    var key: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Write to this file.", valueName: "file"),
        completion: .file()
    )
    var output: String?

    @Flag(help: "Sign as the requestor, under jitgate-request: that approves nothing.")
    var asRequestor = false

    @Flag(help: "Sign with a passkey, on a page in your browser.")
    var passkey = false

    @Option(
        help: ArgumentHelp(
            "Offer the passkeys of this name alone.",
            valueName: "name"
        )
    )
    var signer: String?

    @OptionGroup var page: PasskeyPageOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func validate() throws {
        guard key == nil || !passkey else {
            throw ValidationError("--key and --passkey: a signature is by one or the other")
        }
        guard signer == nil || passkey else {
            throw ValidationError("--signer belongs to --passkey")
        }
    }

    func perform(on console: Console) throws(CommandFailure) {
        let name = file == "-" ? "standard input" : file
        let unsigned = try SignableFile(GrantFile.read(file, on: console), name: name)
        let namespace = try unsigned.namespace(asRequestor: asRequestor)
        let target = try target(of: unsigned)
        for line in unsigned.summary { console.note("  \(DisplayText.safe(line))") }
        let (signature, key) = try signature(unsigned.payload, for: namespace, console)
        try GrantFile.write(unsigned.bytes + signature, to: target, on: console)
        if let grant = unsigned.grant { advise(grant, unsigned.payload + signature, on: console) }
        guard target != "-" else { return }
        if format.json {
            let answer: JSONValue = [
                "file": .string(target),
                "signatures": .integer(Int64(unsigned.signatureCount + 1)),
                "key": .string(key),
            ]
            console.print(json: answer)
        } else {
            let role = asRequestor ? " as the requestor" : ""
            console.note("signed\(role) with \(key): \(target)")
        }
    }

    /// Advises on the effect of separate_requestor, as far as the signers here show it.
    private func advise(_ grant: Grant, _ file: [UInt8], on console: Console) {
        let signers = LocalSigners(policy, on: console)
        guard let signature = signers.signature(of: file, at: console.now()) else { return }
        let name = DisplayText.safe(grant.requestor.debugDescription)
        switch (asRequestor, isOwn: signature.signer.isNamed(grant.requestor)) {
        case (true, isOwn: false):
            let names = DisplayText.safe(signature.principal.debugDescription)
            console.note(
                "jitgate: the requestor is \(name), and this key is of \(names): write the grant"
                    + " with --requestor \(names), or have \(name) sign it"
            )
        case (false, isOwn: true) where signers.wantsRequest(for: grant.ports):
            console.note(
                "jitgate: you are the requestor, and by the policy here (separate_requestor) this"
                    + " approves nothing: sign with --as-requestor, and have somebody else approve"
            )
        default: break
        }
    }

    /// The armored signature, and the kind of key that made it.
    private func signature(
        _ payload: [UInt8],
        for namespace: SignatureNamespace,
        _ console: Console
    ) throws(CommandFailure) -> ([UInt8], String) {
        guard !passkey else {
            let passkeys = try PasskeySigner(
                for: namespace,
                signer: signer,
                page,
                policy,
                on: console
            )
            let (armor, name) = try passkeys.sign(payload)
            return (armor, "a passkey of \(DisplayText.safe(name))")
        }
        let signer: SSHSigner
        if let key {
            signer = SSHSigner(key: .file(key))
        } else {
            signer = try SSHSigner(defaultFor: console)
        }
        return (try signer.sign(payload, for: namespace), signer.description)
    }

    /// The default never takes the place of another file.
    private func target(of unsigned: SignableFile) throws(CommandFailure) -> String {
        if let output { return output }
        guard file != "-", unsigned.signatureCount == 0, !file.hasSuffix(".grant") else {
            return file
        }
        let target = (file.hasSuffix(".json") ? String(file.dropLast(5)) : file) + ".grant"
        guard !FileAccess.exists(target) else {
            throw CommandFailure(
                .cannotCreate,
                "\(target): it is there already",
                hints: ["name another with -o", "or add to it: jitgate sign \(target)"]
            )
        }
        return target
    }
}
