import Linux
package import Signatures
import SystemPackage

/// Signs with ssh-keygen, so that agents, tokens and passphrases are OpenSSH's business.
package struct SSHSigner {
    /// The key that signs.
    package enum Key: Hashable {
        case file(String)
        /// A line of a public key whose private half the agent holds.
        case agent(publicLine: String)
    }

    package let key: Key

    package init(key: Key) {
        self.key = key
    }

    /// The key that is meant when none is named: the agent's first, else the first usual file.
    package init(defaultFor console: Console) throws(CommandFailure) {
        if console.variable("SSH_AUTH_SOCK") != nil, let line = try Self.firstAgentKey() {
            key = .agent(publicLine: line)
            return
        }
        let home = console.variable("HOME") ?? "/root"
        let names = ["id_ed25519", "id_ed25519_sk", "id_ecdsa", "id_ecdsa_sk", "id_rsa"]
        guard let file = names.map({ "\(home)/.ssh/\($0)" }).first(where: FileAccess.exists) else {
            throw CommandFailure(
                .noInput,
                "no key to sign with: ssh-agent has none, and ~/.ssh holds no id_ed25519 or its like",
                hints: ["name one with --key", "or make one: ssh-keygen -t ed25519"]
            )
        }
        key = .file(file)
    }

    private static func firstAgentKey() throws(CommandFailure) -> String? {
        let outcome = try run(["ssh-add", "-L"], input: [])
        guard outcome.status == 0 else { return nil }
        let lines = String(decoding: outcome.output, as: UTF8.self).split(separator: "\n")
        return lines.first.map(String.init)
    }

    /// The armored signature over `payload`.
    package func sign(
        _ payload: [UInt8],
        for namespace: SignatureNamespace
    ) throws(CommandFailure) -> [UInt8] {
        let command = ["ssh-keygen", "-Y", "sign", "-q", "-n", namespace.rawValue, "-f"]
        let outcome =
            switch key {
            case .file(let path): try Self.run(command + [path], input: payload)
            case .agent(let line):
                try Self.run(
                    command + [ChildProcess.attachmentPath],
                    input: payload,
                    attachment: Array("\(line)\n".utf8)
                )
            }
        guard outcome.status == 0, outcome.output.starts(with: "-----BEGIN SSH SIGNATURE".utf8)
        else {
            throw CommandFailure(.no, "ssh-keygen did not sign with \(description)")
        }
        return outcome.output
    }

    package var description: String {
        switch key {
        case .file(let path): path
        case .agent(let line):
            line.split(separator: " ", maxSplits: 2).last.map { "\($0) of ssh-agent" } ?? ""
        }
    }

    private static func run(
        _ arguments: [String],
        input: [UInt8],
        attachment: [UInt8] = []
    ) throws(CommandFailure) -> ChildProcess.Outcome {
        do throws(Errno) {
            return try ChildProcess.run(
                arguments,
                input: input,
                attachment: attachment,
                outputLimit: 1 << 20
            )
        } catch .noSuchFileOrDirectory {
            throw CommandFailure(
                .unavailable,
                "\(arguments[0]) is not installed",
                hints: ["install OpenSSH's client programs"]
            )
        } catch {
            throw CommandFailure(.inputOutput, "\(arguments[0]): \(error)")
        }
    }
}
