import Foundation
import Glibc

/// The logins that one agent sees, in /run/utmp or as sessions of logind, in a mount namespace that goes away with the value.
package final class LoginRecords {
    /// The process that holds the mount namespace.
    private let holder: Process

    /// A script that makes a /run with only the host's files and the records.
    private static let scene = """
        set -e
        mkdir "$1/run"
        mount -n -t tmpfs none "$1/run"
        mkdir "$1/run/${1##*/}"
        mount -n --bind "$1" "$1/run/${1##*/}"
        mkdir -p "$1/run/systemd/sessions"
        : >"$1/run/utmp"
        mount -n --move "$1/run" /run
        : >/run/ready
        exec sleep infinity
        """

    package init(for host: AgentHost) throws {
        holder = Process()
        holder.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        holder.arguments = [
            "unshare", "--mount", "--propagation", "private", "sh", "-c", Self.scene, "sh",
            host.path,
        ]
        try holder.run()
        try eventually { FileManager.default.fileExists(atPath: root + "/run/ready") }
    }

    deinit {
        holder.end()
    }

    private var root: String { "/proc/\(holder.processIdentifier)/root" }

    /// The namespace that nsenter joins to see the records.
    package var mountNamespace: String { "/proc/\(holder.processIdentifier)/ns/mnt" }

    package func add(_ record: LoginRecord) throws {
        let file = try FileHandle(
            forWritingTo: URL(fileURLWithPath: root + "/run/utmp")
        )
        try file.seekToEnd()
        try file.write(contentsOf: Data(record.bytes))
        try file.close()
    }
}

extension LoginRecords {
    /// Has nobody write utmp, as on Debian 13.
    package func removeUtmp() throws {
        try FileManager.default.removeItem(atPath: root + "/run/utmp")
    }

    /// Adds a session as logind keeps one that sshd opened, beginning now.
    package func add(session name: String, of user: UInt32, from address: String) throws {
        let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
        let text = """
            # This is private data. Do not parse.
            UID=\(user)
            ACTIVE=1
            STATE=active
            REMOTE=1
            TYPE=tty
            CLASS=user
            REMOTE_HOST=\(address)
            SERVICE=sshd
            LEADER=1234
            REALTIME=\(now)
            MONOTONIC=1

            """
        let path = root + "/run/systemd/sessions/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        guard unsafe mkfifo(path + ".ref", 0o600) == 0 else {
            throw CommandFailure("mkfifo: errno \(errno)")
        }
    }
}

/// One record of utmp(5), as sshd writes it.
package struct LoginRecord {
    private var record = utmp()

    /// A login on a terminal from an address, by a live process: this one.
    package init(
        on terminal: String,
        from address: String,
        process: Int32 = getpid(),
        type: Int32 = USER_PROCESS
    ) {
        record.ut_type = Int16(type)
        record.ut_pid = process
        unsafe withUnsafeMutableBytes(of: &record.ut_line) {
            unsafe $0.copyBytes(from: terminal.utf8.prefix(32))
        }
        unsafe withUnsafeMutableBytes(of: &record.ut_addr_v6) { bytes in
            let family = address.contains(":") ? AF_INET6 : AF_INET
            _ = unsafe inet_pton(family, address, bytes.baseAddress)
        }
    }

    package var bytes: [UInt8] { unsafe withUnsafeBytes(of: record) { unsafe Array($0) } }
}
