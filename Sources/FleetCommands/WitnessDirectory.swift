import Attestation
import CommandSupport
import Depot
import Linux
import Publishing
import SystemPackage
import Transparency

/// The directory in which a witness keeps a file for each host.
struct WitnessDirectory {
    let path: String

    /// The memory of a host; there is none under another key than before.
    func host(_ name: ShelfName, key: VerifierKey) throws(CommandFailure) -> WitnessedHost? {
        let file = file(name, "json")
        guard FileAccess.exists(file) else {
            try CommandFailure.requireDirectory(
                path,
                hint: "a witness keeps its memory there"
            )
            return nil
        }
        let bytes = try GrantFile.read(file, limit: WitnessedHost.fileLimit)
        do throws(StatusError) {
            let host = try WitnessedHost(parsing: bytes)
            return host.key == key ? host : nil
        } catch {
            throw CommandFailure(
                .inputOutput,
                "\(file): \(error)",
                hints: ["it is the memory of this witness: restore it from a backup"]
            )
        }
    }

    func save(_ host: WitnessedHost, as name: ShelfName) throws(CommandFailure) {
        try GrantFile.replace(file(name, "json"), with: host.encoded(), mode: 0o644)
    }

    /// Saves a checkpoint with a cosignature.
    func save(cosigned note: String, of name: ShelfName) throws(CommandFailure) {
        try GrantFile.replace(file(name, "checkpoint"), with: Array(note.utf8), mode: 0o644)
    }

    private func file(_ name: ShelfName, _ ending: String) -> String { "\(path)/\(name).\(ending)" }
}
