import Auditing

/// A fault of a record, without the record's number.
struct RecordFlaw: Error {
    let kind: LogFlaw.Kind
    let text: String

    init(_ kind: LogFlaw.Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }

    func flaw(of record: UInt64) -> LogFlaw {
        LogFlaw(kind, at: record, "record \(record): \(text)")
    }
}
