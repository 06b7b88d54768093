import ArgumentParser
import CommandSupport
import AgentSettings
import Signatures

/// The place of the page for passkeys, and the file that lists them.
struct PasskeyPageOptions: ParsableArguments {
    static let standardPort: UInt16 = 8931

    @Option(
        help: ArgumentHelp(
            "The name that the passkeys are bound to: localhost, or one that ends in .localhost.",
            valueName: "host"
        )
    )
    var rp = "localhost"

    @Option(
        help: ArgumentHelp(
            "The port of the page; the policy's [webauthn] origins names it.",
            valueName: "port"
        )
    )
    var port = Self.standardPort

    @Flag(help: "Print the link alone, and open no browser.")
    var noBrowser = false

    @Option(
        help: ArgumentHelp(
            "The file with the passkeys (default: that of the policy).",
            valueName: "file"
        ),
        completion: .file()
    )
    var allowedSigners: String?

    func validate() throws {
        guard port >= 1024 else { throw ValidationError("--port: 1024 to 65535") }
        guard !isLocal else { return }
        throw ValidationError(
            "--rp \(rp): only a page of that host can use its passkeys, and here it is localhost or a"
                + " name of small letters, digits and hyphens that ends in .localhost; for another,"
                + " open https://\(rp)/enroll"
        )
    }

    /// Browsers resolve these names to loopback themselves.
    private var isLocal: Bool {
        let labels = rp.split(separator: ".", omittingEmptySubsequences: false)
        return rp.utf8.count <= 253 && labels.last == "localhost"
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy {
                        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
                    }
            }
    }

    /// The page's origin, as the policy lists it.
    var origin: String { "http://\(rp):\(port)" }

    /// The file that lists the signers, and its path.
    func signers(
        _ policy: PolicyOptions,
        on console: Console
    ) throws(CommandFailure) -> (path: String, bytes: [UInt8]) {
        let path: String
        if let allowedSigners {
            path = allowedSigners
        } else {
            path = try Self.path(policy, on: console)
        }
        let bytes = try GrantFile.read(path, limit: Configuration.fileLimit)
        do throws(AllowedSignersError) {
            _ = try AllowedSigners(parsing: bytes)
        } catch {
            throw CommandFailure(.configuration, "\(path): \(error)")
        }
        return (path, bytes)
    }

    private static func path(
        _ policy: PolicyOptions,
        on console: Console
    ) throws(CommandFailure) -> String {
        do throws(CommandFailure) {
            return try policy.load(console).allowedSigners
        } catch {
            let hint = "or name a file with the line of your passkey: --allowed-signers FILE"
            throw CommandFailure(error.status, error.message, hints: error.hints + [hint])
        }
    }
}
