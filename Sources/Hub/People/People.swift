import ApprovalPage
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
        let identity: FileIdentity?
        let signers: AllowedSigners
        let lines: [String: ListedPerson]
        /// The passkeys that may approve.
        let passkeys: [PasskeyLine]
        let isUnreadable: Bool

        /// What a file lists; an unreadable one lists nobody.
        init(_ identity: FileIdentity?, _ file: PeopleFile?) {
            self.identity = identity
            signers = file?.signers ?? AllowedSigners()
            lines = signers.people
            passkeys = file.map { PasskeyLine.lines(of: $0.bytes, for: .grant) } ?? []
            isUnreadable = file == nil
        }
    }

    /// An allowed_signers that was read, and is well-formed.
    private struct PeopleFile {
        let bytes: [UInt8]
        let signers: AllowedSigners
    }

    private let path: String
    private let state: Mutex<State>

    /// Reads the file; one that is malformed lets nobody in.
    init(allowedSigners path: String) throws(HubFailure) {
        self.path = path
        let identity = try? FileIdentity.of(path)
        state = Mutex(State(identity, try Self.read(path)))
    }

    /// The allowed signers of now.
    ///
    /// A file that has become unreadable or malformed lists nobody: a line that is gone must not go on.
    var signers: AllowedSigners { current().signers }

    /// Checks signatures by the allowed signers of now.
    var verifier: SignatureVerifier { SignatureVerifier(allowedSigners: signers) }

    /// The passkeys that may approve, of now.
    var passkeys: [PasskeyLine] { current().passkeys }

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
            if identity != state.identity { state = State(identity, try? Self.read(path)) }
            return state
        }
    }

    private static func read(_ path: String) throws(HubFailure) -> PeopleFile {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try SmallFile.read(path, limit: limit)
        } catch {
            throw HubFailure(.configuration, "\(path) cannot be read: \(error)")
        }
        do throws(AllowedSignersError) {
            return PeopleFile(bytes: bytes, signers: try AllowedSigners(parsing: bytes))
        } catch {
            throw HubFailure(.configuration, "\(path): \(error)")
        }
    }
}
