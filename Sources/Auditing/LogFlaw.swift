/// A fault of a log, with its place.
package struct LogFlaw: Hashable, Sendable, CustomStringConvertible {
    /// The kinds of flaw, by the names of docs/PROTOCOL.audit, section 11.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// A line is not the one that was signed.
        case edited
        /// Records are missing, but later ones are present.
        case missing
        /// A record stands behind a later one.
        case swapped
        /// A record stands there a second time.
        case repeated
        /// Lines that were never records stand between records.
        case inserted
        /// The last records are not there.
        case cut
        /// Records at the end are signed by no checkpoint.
        case extended
        /// A record is signed but not of this format, or the file is no log.
        case malformed
        /// The checkpoint is not there, not signed by the key, or of another log.
        case checkpoint
        /// The records do not add up to the signed root, and nothing says where they differ.
        case root
        /// The log does not begin with the records that an earlier checkpoint signed.
        case forked
        /// `audit.leaves` is not there or not right.
        case leaves
        /// The file that a record rests on is missing, another one, or contradicts the record.
        case evidence
        /// A record rests on one that is missing before it: a grant opened that none accepted.
        case unaccepted
        /// The policy by which a grant was accepted does not let it in.
        case policy
        /// A signature under a grant or revocation does not hold.
        case signature
    }

    package let kind: Kind
    /// The number of the first record that it is about.
    package let record: UInt64?
    package let description: String

    package init(_ kind: Kind, at record: UInt64? = nil, _ description: String) {
        self.kind = kind
        self.record = record
        self.description = description
    }

    /// In the order of the log; what is about none of its records comes last.
    package static func isBefore(_ one: LogFlaw, _ other: LogFlaw) -> Bool {
        (one.record ?? .max) < (other.record ?? .max)
    }

    /// `record 4`, `records 4 to 7`.
    static func name(_ range: Range<UInt64>) -> String {
        range.count == 1
            ? "record \(range.lowerBound)"
            : "records \(range.lowerBound) to \(range.upperBound - 1)"
    }
}
