package import Auditing
import Linux

/// A log that is on another machine than it began on: a clone, which must not sign in the name of
/// the first.
extension AuditLog {
    /// The machine that a log and its key are of, if this one is known to be another.
    static func foreignMachine(_ ledger: Ledger, _ key: AuditKey, on machine: String) -> String? {
        let named = AuditKey.machineID(ofOrigin: key.name)
        if ledger.awaitsKey { return named ?? ledger.machineID ?? "" }
        guard let known = ledger.machineID ?? named, !machine.isEmpty, ledger.nextSequence > 0
        else { return nil }
        return known == machine ? nil : known
    }

    /// Goes on under a new key of this name, which `record` is told of.
    ///
    /// The key is on disk before the record that names it: should the machine stop in between, the
    /// log still waits for one. Nothing is ever signed by a key that the log does not name.
    package mutating func rekey(
        named name: String,
        _ record: (_ key: VerifierKey, _ former: TreeHash) -> Record
    ) throws(RecordingError) {
        let new = try state.makeKey(named: name)
        try write([record(new.publicKey, tree.root)])
        key = new
        foreignMachine = nil
        try publishKey()
        sign()
    }
}
