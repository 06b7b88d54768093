import Grants
import Linux
import Signatures
import Synchronization
import SystemPackage

/// The people of the hub: the lines of its allowed_signers, read again when the file has changed.
final class People: Sendable {
    /// The longest file that is read, in bytes.
    private static let limit = 16 << 20

    private struct State {
        var identity: FileIdentity?
        var signers: AllowedSigners
        var lines: [String: ListedPerson]
        var isUnreadable = false
    }

    private let path: String
    private let state: Mutex<State>

    /// Reads the file; one that is malformed lets nobody in.
    init(allowedSigners path: String) throws(HubFailure) {
        self.path = path
        let identity = try? FileIdentity.of(path)
        let signers = try Self.read(path)
        state = Mutex(State(identity: identity, signers: signers, lines: signers.people))
    }

    /// The allowed signers of now.
    ///
    /// A file that has become unreadable or malformed lists nobody: a line that is gone must not go on.
    var signers: AllowedSigners { current().signers }

    /// Checks signatures by the allowed signers of now.
    var verifier: SignatureVerifier { SignatureVerifier(allowedSigners: signers) }

    /// All people, by their names.
    var all: [ListedPerson] { current().lines.values.sorted { $0.name < $1.name } }

    /// The permissions of a name by its key; `nil` if no line lists the key under that name.
    func permissions(of name: String, key: String, at now: Moment) -> Set<Permission>? {
        guard let person = current().lines[key], person.isNamed(name) else { return nil }
        return Set(
            Permission.allCases.filter { person.may($0.rawValue, named: name, at: now) }
        )
    }

    /// True if the file cannot be read, or is malformed, and keeps everybody out.
    var isUnreadable: Bool { current().isUnreadable }

    private func current() -> State {
        let identity = try? FileIdentity.of(path)
        return state.withLock { state in
            if identity != state.identity { state = Self.state(of: path, identity) }
            return state
        }
    }

    private static func state(of path: String, _ identity: FileIdentity?) -> State {
        let signers = try? read(path)
        let list = signers ?? AllowedSigners()
        return State(
            identity: identity,
            signers: list,
            lines: list.people,
            isUnreadable: signers == nil
        )
    }

    private static func read(_ path: String) throws(HubFailure) -> AllowedSigners {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try SmallFile.read(path, limit: limit)
        } catch {
            throw HubFailure(.configuration, "\(path) cannot be read: \(error)")
        }
        do throws(AllowedSignersError) {
            return try AllowedSigners(parsing: bytes)
        } catch {
            throw HubFailure(.configuration, "\(path): \(error)")
        }
    }
}
