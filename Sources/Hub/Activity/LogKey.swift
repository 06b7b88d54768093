import Grants
import Linux
import SystemPackage
import Transparency

/// The key that signs the checkpoints of the hub's log: `STATE/hub.key`.
struct LogKey: Sendable {
    private static let limit = 4096

    private let key: AuditKey

    /// The half that readers verify with.
    var publicKey: VerifierKey { key.publicKey }

    /// Reads the key of a state directory, or makes one for the host of the hub's URL.
    init(state: String, host: String) throws(HubFailure) {
        let path = state + "/hub.key"
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try SmallFile.read(path, limit: Self.limit)
        } catch .noSuchFileOrDirectory {
            key = try Self.made(path, host)
            return
        } catch {
            throw HubFailure(.configuration, "\(path) cannot be read: \(error)")
        }
        key = try Self.parsed(bytes, path)
    }

    /// The signed checkpoint over a tree.
    func checkpoint(over tree: MerkleTree) throws(HubFailure) -> String {
        do throws(ProofError) {
            return try key.checkpoint(over: tree)
        } catch {
            throw HubFailure(.system, "the key of the log does not sign: \(error)")
        }
    }

    private static func parsed(_ bytes: [UInt8], _ path: String) throws(HubFailure) -> AuditKey {
        let text = String(decoding: bytes, as: UTF8.self)
        do throws(ProofError) {
            return try AuditKey(parsing: text.split(separator: "\n").first.map(String.init) ?? "")
        } catch {
            throw HubFailure(.configuration, "\(path) is no key of a log: \(error)")
        }
    }

    private static func made(_ path: String, _ host: String) throws(HubFailure) -> AuditKey {
        let seed = Secret.random(32)
        let name = host.map { $0.isASCII && !"+ ".contains($0) ? "\($0)" : "_" }.joined() + "/hub"
        let key: AuditKey
        do throws(ProofError) {
            key = try AuditKey(name: name, seed: seed)
        } catch {
            throw HubFailure(.system, "no key of the log can be made: \(error)")
        }
        do throws(Errno) {
            try AtomicFile.replace(path, with: Array("\(key.text)\n".utf8), mode: 0o600)
        } catch {
            throw HubFailure(.system, "\(path) cannot be written: \(error)")
        }
        return key
    }
}
