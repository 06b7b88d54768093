import Foundation
package import StrictJSON

/// The systemd-journald of one test, in namespaces that go away with the value.
///
/// It neither reads the kernel's messages nor sees the host's journal.
package final class Journald {
    /// The process that holds the mount namespace while journald comes and goes.
    private let holder: Process
    private var journald: Process?

    private static let scene = """
        set -e
        mkdir -p /run/systemd /run/log /var/lib/systemd
        mount -t tmpfs none /run/systemd
        mount -t tmpfs none /run/log
        mount -t tmpfs none /var/lib/systemd
        mkdir -p /run/systemd/journal /run/systemd/journald.conf.d /var/lib/systemd/catalog
        printf '[Journal]\\nStorage=volatile\\nReadKMsg=no\\nAudit=\\nRateLimitBurst=0\\n' \
            >/run/systemd/journald.conf.d/test.conf
        touch /run/systemd/ready
        exec sleep infinity
        """

    package init() throws {
        holder = try Self.launch([
            "unshare", "--mount", "--net", "--propagation", "private", "sh", "-c", Self.scene,
        ])
        try eventually { FileManager.default.fileExists(atPath: root + "/run/systemd/ready") }
        try start()
    }

    deinit {
        stop()
        holder.end()
    }

    private static func launch(_ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// The file system as journald sees it.
    private var root: String { "/proc/\(holder.processIdentifier)/root" }

    /// The path of its native socket in this process's view.
    package var socketPath: String { root + "/run/systemd/journal/socket" }

    /// The namespace that nsenter joins to see the journal's files.
    package var mountNamespace: String { "/proc/\(holder.processIdentifier)/ns/mnt" }

    // MARK: journald

    /// Starts it and waits until it listens.
    package func start() throws {
        try? FileManager.default.removeItem(atPath: socketPath)
        journald = try Self.launch(inside(["/lib/systemd/systemd-journald"], network: true))
        try eventually { FileManager.default.fileExists(atPath: socketPath) }
        try eventually { try run(["journalctl", "--sync"]).status == 0 }
    }

    package func stop() {
        guard let journald else { return }
        kill(journald.processIdentifier, SIGCONT)
        journald.terminate()
        journald.waitUntilExit()
        self.journald = nil
    }

    /// Stops the process: its socket stays, but nobody reads it.
    package func suspend() {
        if let journald { kill(journald.processIdentifier, SIGSTOP) }
    }

    package func resume() {
        if let journald { kill(journald.processIdentifier, SIGCONT) }
    }

    // MARK: its journal

    /// All matching entries so far, as `journalctl -o json` shows them.
    package func entries(_ matches: String...) throws -> [JSONValue] {
        _ = try run(["journalctl", "--sync"])
        let result = try run(["journalctl", "-o", "json", "--all", "--no-pager"] + matches)
        return try result.output.split(separator: UInt8(ascii: "\n"))
            .map { try JSONNode.parse(Array($0), limits: .init(bytes: 8 << 20, depth: 4)).value }
    }

    /// Makes `journalctl -x` use this message catalog, and no other.
    package func install(catalog file: String) throws {
        let script = """
            set -e
            root=/run/systemd/catalog-root
            mkdir -p $root/usr/lib/systemd/catalog $root/var/lib/systemd/catalog
            cp "$1" $root/usr/lib/systemd/catalog/test.catalog
            journalctl --root=$root --update-catalog
            cp $root/var/lib/systemd/catalog/database /var/lib/systemd/catalog/database
            """
        let result = try run(["sh", "-c", script, "sh", file])
        guard result.status == 0 else { throw CommandFailure(result.errors) }
    }

    /// The values of a field, including those that journalctl shows as bytes.
    package static func values(_ name: String, of entry: JSONValue) -> [String] {
        guard let value = entry[name] else { return [] }
        let items = value.items ?? [value]
        let bytes = items.compactMap(byte)
        guard bytes.isEmpty else { return [String(decoding: bytes, as: UTF8.self)] }
        return items.map { item in
            item.text ?? String(decoding: (item.items ?? []).compactMap(byte), as: UTF8.self)
        }
    }

    private static func byte(_ value: JSONValue) -> UInt8? {
        value.number.flatMap(UInt8.init(exactly:))
    }

    /// Runs a program that sees this journal as the system's.
    package func run(_ arguments: [String], input: [UInt8] = []) throws -> Command.Result {
        try Command.run(inside(arguments), input: input)
    }

    private func inside(_ arguments: [String], network: Bool = false) -> [String] {
        let spaces = "/proc/\(holder.processIdentifier)/ns"
        let net = network ? ["--net=\(spaces)/net"] : []
        return ["nsenter", "--mount=\(spaces)/mnt"] + net + arguments
    }
}
