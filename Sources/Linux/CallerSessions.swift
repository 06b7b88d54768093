import Glibc
import SystemPackage

/// The connections through which the caller of this process may be logged in.
///
/// sudo(8) and su(1) remove SSH_CONNECTION, a daemon in between hides the ancestors, and in tmux(1)
/// both may name a closed connection: so all sources are consulted.
package enum CallerSessions {
    private static let variable = "SSH_CONNECTION"

    /// Returns values in the form of SSH_CONNECTION of sshd(8); `known` is this process's own
    /// value.
    package static func connections(besides known: String?) -> [String] {
        let established = TCPConnection.all()
        let ancestors = ProcessAncestry.ancestors()
        var found = [known, ProcessAncestry.variable(variable)].compactMap(\.self)
        found += ancestors.flatMap { connections(of: $0, established) }
        if found.isEmpty, let value = ofAuditSession() { found.append(value) }
        let live = Set(established.map(\.text))
        // A closed connection cannot be the one that carried this command.
        if live.isDisjoint(with: found) { found += ofLogins(established) }
        var seen: Set<String> = []
        return found.filter { seen.insert($0).inserted }
    }

    /// The connections that a process itself holds, such as the server that let the caller in.
    private static func connections(of process: Int32, _ all: [TCPConnection]) -> [String] {
        let held = SocketOwner.sockets(of: "\(process)")
        return all.filter { held.contains($0.inode) }.map(\.text)
    }

    /// The SSH_CONNECTION of another process of the same login: su(1) does not begin a new one.
    private static func ofAuditSession() -> String? {
        guard let session = number("/proc/self/sessionid"), session != .max else { return nil }
        for entry in (try? DirectoryListing.names(in: "/proc")) ?? [] {
            guard let process = Int32(entry), number("/proc/\(entry)/sessionid") == session,
                let value = ProcessAncestry.variable(variable, of: process)
            else { continue }
            return value
        }
        return nil
    }

    /// The connections from the hosts that the user of this terminal, or the caller, logged in
    /// from.
    private static func ofLogins(_ established: [TCPConnection]) -> [String] {
        let logins = (try? LoginSession.all()) ?? []
        let terminals = (0...2).compactMap(terminal)
        let user = number("/proc/self/loginuid").flatMap(name)
        let own = logins.filter { terminals.contains($0.terminal) || $0.user == user }
        let addresses = Set(own.map(\.address))
        return established.filter { addresses.contains($0.peer.address) }.map(\.text)
    }

    private static func number(_ path: String) -> UInt32? {
        guard let bytes = try? SmallFile.read(path, limit: 64) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
        return UInt32(text)
    }

    /// The name of the terminal below /dev, such as `pts/3`.
    private static func terminal(_ descriptor: Int32) -> String? {
        var name = [CChar](repeating: 0, count: 256)
        guard unsafe ttyname_r(descriptor, &name, name.count) == 0 else { return nil }
        let bytes = name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
        let text = String(decoding: bytes, as: UTF8.self)
        return text.hasPrefix("/dev/") ? String(text.dropFirst(5)) : text
    }

    private static func name(_ user: UInt32) -> String? {
        guard user != .max, let entry = unsafe getpwuid(user) else { return nil }
        return unsafe String(cString: entry.pointee.pw_name)
    }
}
