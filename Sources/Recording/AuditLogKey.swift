package import Auditing
import Linux
package import Transparency

/// A log that began on another machine: a clone, which must not sign in the name of the first.
extension AuditLog {
    /// The machine of a log and its key, if it is known to be another than this one.
    static func foreignMachine(_ logState: LogState, _ key: AuditKey, on machine: String) -> String?
    {
        let named = AuditKey.machineID(ofOrigin: key.name)
        if logState.machine.awaitsKey { return named ?? logState.machine.id ?? "" }
        guard let known = logState.machine.id ?? named, !machine.isEmpty, logState.nextSequence > 0
        else { return nil }
        return known == machine ? nil : known
    }

    /// The key that signs for this log; `nil` if it is another machine's.
    package var signingKey: AuditKey? { foreignMachine == nil ? signedTree.key : nil }

    /// The file of the leaf hashes.
    package var leavesPath: String { directory.leaves }

    /// Continues under a new key of this name; `record` makes the record that names it.
    ///
    /// The key is on disk before the record that names it: if the machine stops in between, the log
    /// still waits for a key. No key signs anything unless the log names it.
    package mutating func rekey(
        named name: String,
        _ record: (_ key: VerifierKey, _ former: TreeHash) -> Record
    ) throws(RecordingError) {
        let new = try state.makeKey(named: name)
        try write([record(new.publicKey, signedTree.tree.root)])
        foreignMachine = nil
        try signedTree.change(to: new)
        sign()
    }
}
