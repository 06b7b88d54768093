import Grants

@testable import Auditing

extension LogState {
    /// 2027-01-15T08:00:00Z, when the logs of these tests begin.
    static let start = Moment(microseconds: 1_800_000_000_000_000)

    /// Takes the next record, of `seconds` after the start.
    mutating func take(_ entry: AuditEntry, at seconds: Int64) throws {
        let stamp = RecordStamp(
            realtime: Self.start + .seconds(seconds),
            boot: seconds * 1_000_000,
            bootID: "b",
            machineID: "m",
            hostname: "web-1"
        )
        try take(Record(sequence: nextSequence, stamp: stamp, entry: entry))
    }
}

extension GrantProvenance {
    /// A grant of dana to 22/tcp whose id and digest are a number.
    static func numbered(
        _ number: Int,
        signers: [String],
        parties: GrantParties = GrantParties(),
        breakGlass: [String] = []
    ) throws -> GrantProvenance {
        let grant = Grant(
            id: GrantID(value: UInt128(number)),
            hosts: [.name("*")],
            requestor: "dana",
            justification: nil,
            sources: [try Prefix(parsing: "203.0.113.7/32")],
            ports: [try Port(parsing: "22/tcp")],
            notBefore: nil,
            expires: Moment(microseconds: 1_900_000_000_000_000),
            duration: nil
        )
        return GrantProvenance(
            grant: grant,
            digest: "\(number)",
            signers: signers,
            breakGlass: breakGlass,
            parties: parties,
            file: "/g"
        )
    }
}
