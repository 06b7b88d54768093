import ApprovalPage
import ArgumentParser
import CommandSupport
import Signatures
import StrictJSON

struct PasskeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "passkey",
        abstract: "Make a passkey that signs grants in a browser.",
        subcommands: [PasskeyEnrollCommand.self]
    )
}

struct PasskeyEnrollCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "enroll",
        abstract: "Make a passkey in your browser, and print its line for allowed_signers.",
        discussion: """
            A page on this machine makes the passkey: on the device itself, on a security key or on a \
            phone. The line that is printed lets it approve grants as NAME on the hosts that list it. \
            Their policy also has to list the page, by the same port each time:

              jitgate passkey enroll dana
              jitgate passkey enroll dana >> /etc/jitgate/allowed_signers
              jitgate passkey enroll dana --rp approve.localhost --port 8932

            Afterwards `jitgate sign --passkey` signs with it.
            """
    )

    @Argument(help: "Who signs with it, as allowed_signers shall have it.")
    var name: String

    @OptionGroup var page: PasskeyPageOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func validate() throws {
        guard SignerName.isPlain(name) else {
            throw ValidationError("NAME: it \(SignerName.rule)")
        }
    }

    func perform(on console: Console) throws(CommandFailure) {
        let server = PageServer(place: page, console: console)
        let task = PageTask.enroll(name: name, exclude: existing(console))
        let answer = try server.answer(to: task) { answer in
            switch answer {
            case .passkey(let key, let credential, _): flaw(key, credential)
            case .cancelled: nil
            case .signature: "A new passkey was asked for, not a signature."
            }
        }
        guard case .passkey(let key, let credential, let isSynced) = answer,
            let line = try? PasskeyLine(name: name, key: key, credential: credential)
        else { throw CommandFailure(.no, "there is no passkey") }
        report(line, isSynced: isSynced, on: console)
    }

    private func flaw(_ key: [UInt8], _ credential: String) -> String? {
        do throws(PasskeyLine.Malformed) {
            let line = try PasskeyLine(name: name, key: key, credential: credential)
            return line.application == page.rp ? nil : "The key is not for \(page.rp)."
        } catch {
            return "\(error)"
        }
    }

    /// The passkeys that the name has already, where a file can be read that says so.
    private func existing(_ console: Console) -> [String] {
        guard let file = try? page.signers(policy, on: console) else { return [] }
        return PasskeyLine.lines(of: file.bytes, for: .grant)
            .filter { $0.isNamed(name) && $0.application == page.rp }.map(\.credential)
    }

    private func report(_ line: PasskeyLine, isSynced: Bool, on console: Console) {
        let answer: JSONValue = [
            "line": .string(line.text),
            "name": .string(line.name),
            "credential": .string(line.credential),
            "rp": .string(page.rp),
            "origin": .string(page.origin),
            "synced": .bool(isSynced),
        ]
        if format.json { console.print(json: answer) } else { console.print(line.text) }
        console.note("add this line to allowed_signers on the hosts, and to their policy:")
        console.note("  [webauthn]")
        console.note("  origins = [\"\(page.origin)\"]")
        guard isSynced else { return }
        console.note("  synced = true        # a provider keeps copies of this passkey")
    }
}
