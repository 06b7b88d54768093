import ArgumentParser
import Grants
import Linux
import Signatures
import StrictJSON

struct SignCommand: Verb {
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

              jitgate sign g.json                     writes g.grant
              jitgate sign g.grant --key ~/.ssh/ops   adds an approval
              jitgate sign g.json --as-requestor      asks for it under your name
              jitgate sign - < g.json > g.grant
            """
    )

    @Argument(help: "A grant or a revocation; - is the standard input.", completion: .file())
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

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func perform(on console: Console) throws(CommandFailure) {
        let name = file == "-" ? "standard input" : file
        let unsigned = try SignableFile(GrantFile.read(file, on: console), name: name)
        let namespace = try unsigned.namespace(asRequestor: asRequestor)
        let target = try target(of: unsigned)
        for line in unsigned.summary { console.note("  \(ShownText.safe(line))") }
        let signer = try signer(console)
        let signature = try signer.sign(unsigned.payload, for: namespace)
        try GrantFile.write(unsigned.bytes + signature, to: target, on: console)
        if let grant = unsigned.grant { advise(grant, unsigned.payload + signature, on: console) }
        guard target != "-" else { return }
        if format.json {
            let answer: JSONValue = [
                "file": .string(target),
                "signatures": .integer(Int64(unsigned.signatureCount + 1)),
                "key": .string(signer.description),
            ]
            console.print(json: answer)
        } else {
            let role = asRequestor ? " as the requestor" : ""
            console.note("signed\(role) with \(signer.description): \(target)")
        }
    }

    /// Says what separate_requestor makes of a signature, as far as the signers here show it.
    private func advise(_ grant: Grant, _ file: [UInt8], on console: Console) {
        let signers = LocalSigners(policy, on: console)
        guard let signature = signers.signature(of: file, at: console.now()) else { return }
        let name = ShownText.safe(grant.requestor.debugDescription)
        switch (asRequestor, isOwn: signature.signer.isNamed(grant.requestor)) {
        case (true, isOwn: false):
            let names = ShownText.safe(signature.principal.debugDescription)
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

    private func signer(_ console: Console) throws(CommandFailure) -> SSHSigner {
        if let key { return SSHSigner(key: .file(key)) }
        return try SSHSigner(defaultFor: console)
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
