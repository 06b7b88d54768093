package import Grants

extension Lifecycle {
    /// One grant, with its phase.
    package struct Entry: Hashable, Sendable {
        package let id: GrantID
        package internal(set) var phase: Phase
        // Shared by all copies, since entries are copied into steps by the thousand.
        fileprivate var details: Shared<EntryDetails>

        init(id: GrantID, provenance: GrantProvenance? = nil, digest: String, phase: Phase) {
            self.id = id
            self.phase = phase
            details = Shared(EntryDetails(provenance: provenance, digest: digest))
        }

        /// `nil` for a grant of which this agent has not read the file, or that never came.
        package internal(set) var provenance: GrantProvenance? {
            get { details.value.provenance }
            set { details.change { $0.provenance = newValue } }
        }

        /// SHA-256 of its file, or of the file that revoked it before it came.
        package var digest: String { details.value.digest }

        /// The proof that it was signed, until its acceptance is on record.
        package internal(set) var evidence: Evidence? {
            get { details.value.evidence }
            set { details.change { $0.evidence = newValue } }
        }

        /// The people who asked for its end, until that is on record.
        package internal(set) var origin: RevocationOrigin? {
            get { details.value.origin }
            set { details.change { $0.origin = newValue } }
        }

        /// The grant in whose favour it ends, if it is superseded.
        package internal(set) var superseder: GrantID? {
            get { details.value.superseder }
            set { details.change { $0.superseder = newValue } }
        }
    }
}

extension Lifecycle.Entry {
    package var grant: Grant? { details.value.provenance?.grant }

    /// The grants that end when it opens.
    var supersedes: [GrantID] {
        if case .unseen(let recorded) = phase.living { return recorded.supersedes }
        return details.value.provenance?.grant.supersedes ?? []
    }

    /// The openings that it holds while it is open.
    package var openings: [Opening] {
        if case .unseen(let recorded) = phase.living { return recorded.openings }
        return details.value.provenance?.grant.openings ?? []
    }
}

/// The large part of an entry.
private struct EntryDetails: Hashable, Sendable {
    var provenance: GrantProvenance?
    var digest: String
    var evidence: Evidence?
    var origin: RevocationOrigin?
    var superseder: GrantID?
}

/// A value that copies share until one of them changes it.
private struct Shared<Value: Hashable & Sendable>: Hashable, Sendable {
    private final class Storage: Sendable {
        let value: Value
        init(_ value: Value) { self.value = value }
    }

    private var storage: Storage

    init(_ value: Value) { storage = Storage(value) }

    var value: Value { storage.value }

    mutating func change(_ body: (inout Value) -> Void) {
        var value = storage.value
        body(&value)
        storage = Storage(value)
    }

    static func == (left: Self, right: Self) -> Bool {
        left.storage === right.storage || left.value == right.value
    }

    func hash(into hasher: inout Hasher) { value.hash(into: &hasher) }
}
